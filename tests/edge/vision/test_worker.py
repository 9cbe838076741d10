"""What recognition does in the worker processes: models that are missing, damaged or lost, and photos."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest
from PIL import Image

from edge.config import models_dir
from edge.daemon.wiring import worker_setup
from edge.errors import ImageError, ModelError
from edge.vision import worker
from edge.vision.checksums import READER_FILES, write_list
from edge.workers import WorkerPool
from tests.support.eventually import eventually
from tests.support.feed import roundabout
from tests.support.pools import with_tests


def pid() -> int:
    return os.getpid()


async def test_a_worker_reads_photos_and_refuses_other_files(tmp_path: Path) -> None:
    photo, text = tmp_path / "photo.png", tmp_path / "no.jpg"
    Image.fromarray(roundabout(40)).save(photo)
    text.write_bytes(b"no picture")
    pool = WorkerPool(worker_setup(models_dir(), "litert", photos=tmp_path), workers=1, job_timeout_s=20.0)
    try:
        await pool.start()
        assert (await pool.run(worker.recognise, photo)).plates[0].text == "LS15EBC"
        with pytest.raises(ImageError):
            await pool.run(worker.recognise, text)
    finally:
        await pool.stop()


async def test_missing_models_are_named_at_the_start(tmp_path: Path) -> None:
    pool = WorkerPool(worker_setup(tmp_path, "litert"), workers=1, job_timeout_s=20.0)
    try:
        with pytest.raises(ModelError, match="install the models again"):
            await pool.start()
    finally:
        await pool.stop()


async def test_models_that_fail_unexpectedly_are_named_at_the_start(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    shutil.copytree(models_dir(), folder)
    (folder / "reader" / "plate_reader.pth").write_bytes(b"text")
    write_list(folder / "reader", READER_FILES)
    pool = WorkerPool(worker_setup(folder, "easyocr"), workers=1, job_timeout_s=20.0)
    try:
        with pytest.raises(ModelError, match=r"cannot be loaded \(\w+Error\)"):
            await pool.start()
    finally:
        await pool.stop()


async def test_a_worker_whose_models_are_gone_is_noticed_without_a_photo(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    shutil.copytree(models_dir(), folder)
    pool = WorkerPool(with_tests(worker_setup(folder, "litert")), workers=1, job_timeout_s=20.0)
    await pool.start()
    try:
        number = await pool.run(pid)
        shutil.rmtree(folder)
        os.kill(number, signal.SIGKILL)
        await eventually(lambda: (pool.problem() or "").startswith("the worker pool is down"))
        pool.mend()
        pool.probe()
        await eventually(lambda: "install the models again" in (pool.problem() or ""))
    finally:
        await pool.stop()
