"""The intake where the disk refuses it, somebody else left something in its place, or it is another program's."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.storage.intake import BLOCK, MAGIC, SIZE, VERSION, Intake, IntakeRecord
from edge.cases.storage.layout import StateFolder
from edge.errors import CaseError, StorageFull
from tests.support.cases import packet, photo, trigger, unidentified
from tests.support.intake import FILING, intake, is_at_rest, left_in_the_intake, no_files, opened, refusing, whole


@pytest.mark.parametrize("call", ["pwrite", "fdatasync"])
async def test_a_record_that_the_disk_refuses_is_filed_without(tmp_path: Path, call: str) -> None:
    store = await opened(tmp_path / "state")
    with refusing({"intake.bin"}, call, errno.EIO):
        assert await store.file_case(trigger(), [photo(1)], [], **FILING) == 1
        copy = shutil.copytree(tmp_path / "state", tmp_path / "copy")
        assert await store.file_case(trigger(), [photo(2)], [], **FILING) == 2
    assert StateFolder(tmp_path / "state").journal(2).exists()
    await store.housekeep()
    assert is_at_rest(tmp_path / "state"), "what was written of it is overwritten as soon as the disk works"
    with no_files():
        assert await store.file_case(trigger(), [photo(3)], [], **FILING) == 3
        assert MAGIC in intake(tmp_path / "state"), "and then it takes records again"
    await store.housekeep()
    await store.close()
    await whole(Path(copy), {1: ([photo(1)], [])})
    audit(tmp_path / "state")


async def test_a_refused_trigger_never_takes_the_place_of_the_next(tmp_path: Path) -> None:
    """The disk syncs no record, overwrites none, and takes no files: that trigger is refused, its number goes on."""
    store = await opened(tmp_path / "state")
    with refusing({"intake.bin"}, "fdatasync", errno.EIO), no_files(), pytest.raises(StorageFull):
        await store.file_case(trigger(), [photo(1)], [], **FILING)
    assert await store.file_case(trigger(), [photo(2)], [], **FILING) == 1
    copy = shutil.copytree(tmp_path / "state", tmp_path / "copy")
    await store.close()
    await whole(Path(copy), {1: ([photo(2)], [])})


async def test_files_that_the_disk_refuses_are_written_later(tmp_path: Path) -> None:
    """The case is safe meanwhile; whoever needs its files is refused, and the unit says so."""
    state, own, late = tmp_path / "state", packet(), packet()
    store = await opened(state)
    with no_files():
        number = await store.file_case(trigger(), [photo(1)], [own], **FILING)
        assert await store.waiting() == (number,)
        for act in (store.load(number), store.add(number, packets=[late]), store.enter_verdict(number, unidentified())):
            with pytest.raises(CaseError):
                await act
        problem = store.problem()
        assert problem is not None and "the disk refuses the files of 1 cases" in problem
        await store.housekeep()
        full = Path(shutil.copytree(state, tmp_path / "full"))
        again = await opened(full)  # a start does not lose it either, nor does it wait for the disk
        assert await again.waiting() == (number,)
        await again.close()
    await whole(full, {1: ([photo(1)], [own])})
    await store.add(number, packets=[late])
    assert (await store.load(number)).packets == (own, late)
    await store.housekeep()
    assert store.problem() is None
    await store.close()


HOSTILE: dict[str, Callable[[Path], object]] = {
    "nothing": lambda path: None,
    "a pipe": lambda path: os.mkfifo(path, 0o666),
    "a link to a file that is there": lambda path: path.symlink_to(_secret(path)),
    "a second name of another file": lambda path: path.hardlink_to(_secret(path)),
    "a link to nothing": lambda path: path.symlink_to(path.parent / "nothing"),
    "an empty file": lambda path: path.touch(0o600),
    "a short file": lambda path: path.write_bytes(bytes(BLOCK)),
    "a long file": lambda path: path.write_bytes(bytes(SIZE + BLOCK)),
    "a file with something in it": lambda path: path.write_bytes(os.urandom(SIZE)),
    "a file of records that are none": lambda path: path.write_bytes((MAGIC + bytes(BLOCK - 8)) * (SIZE // BLOCK)),
}


def _secret(path: Path) -> Path:
    other = path.parent.parent / "other"
    other.write_bytes(b"somebody else's")
    return other


@pytest.mark.parametrize("what", list(HOSTILE))
async def test_what_lies_in_its_place_counts_for_nothing(tmp_path: Path, what: str) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    HOSTILE[what](StateFolder(state).intake)
    await whole(state, {})
    assert StateFolder(state).intake.lstat().st_mode == 0o100600
    assert intake(state) == bytes(SIZE)
    if (other := tmp_path / "other").exists():
        assert other.read_bytes() == b"somebody else's"


async def test_a_folder_in_its_place_costs_time_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    StateFolder(tmp_path).intake.mkdir()
    store = await opened(tmp_path)
    assert "check the disk" in caplog.text
    assert await store.file_case(trigger(), [photo()], [], **FILING) == 1
    assert StateFolder(tmp_path).journal(1).exists()
    await store.close()


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
async def test_what_another_account_left_is_no_case(tmp_path: Path) -> None:
    """An earlier version let officers' accounts write into the folder."""
    left = await left_in_the_intake(tmp_path / "state", [photo(1)], [packet()])
    os.chown(StateFolder(left).intake, 61001, 61001)
    await whole(left, {})
    assert StateFolder(left).intake.stat().st_uid == left.stat().st_uid


async def test_a_record_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    left = await left_in_the_intake(tmp_path / "state", [photo(1)], [packet()])
    data = bytearray(intake(left))
    data[len(MAGIC)] = VERSION + 1
    _, _, _, length, count = struct.unpack_from("<8sIQQI", data)
    head_end = struct.calcsize("<8sIQQI") + 8 * count
    document = data[head_end + 32 : head_end + 32 + length]
    data[head_end : head_end + 32] = hashlib.sha256(data[:head_end] + document).digest()
    StateFolder(left).intake.write_bytes(data)
    with pytest.raises(CaseError, match="newer program"):
        await opened(left)
    assert intake(left) == data


@pytest.mark.parametrize("bit", range(0, 32, 3))
async def test_a_version_that_the_disk_altered_stops_no_start(
    tmp_path: Path, bit: int, caplog: pytest.LogCaptureFixture
) -> None:
    """The rest of the record is whole, and so is its case."""
    own = packet()
    left = await left_in_the_intake(tmp_path / "state", [photo(1)], [own])
    data = bytearray(intake(left))
    data[len(MAGIC) + bit // 8] ^= 1 << bit % 8
    StateFolder(left).intake.write_bytes(data)
    await whole(left, {1: ([photo(1)], [own])})
    assert "check the disk" in caplog.text
    assert intake(left) == bytes(SIZE)


@pytest.mark.parametrize("part", [0.2, 0.9])
async def test_an_altered_version_makes_no_case_of_a_torn_record(tmp_path: Path, part: float) -> None:
    left = await left_in_the_intake(tmp_path / "state", [photo(1)], [packet()])
    data = bytearray(intake(left))
    data[len(MAGIC)] ^= 0x40
    data[int(part * len(bytes(data).rstrip(b"\0")))] ^= 0x10
    StateFolder(left).intake.write_bytes(data)
    await whole(left, {})
    assert intake(left) == bytes(SIZE)


def test_a_disk_without_room_has_none(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = StateFolder(tmp_path)
    held = Intake(folder)
    held.begin(SIZE - 1)
    assert not folder.intake.exists()
    assert "no room" in caplog.text
    assert not held.put(IntakeRecord(1, b"{}", ()))
    held.close()


@pytest.mark.parametrize("by", ["nothing", "another file"])
async def test_an_intake_that_is_gone_takes_nothing(tmp_path: Path, by: str) -> None:
    store = await opened(tmp_path)
    StateFolder(tmp_path).intake.unlink()
    if by == "another file":
        StateFolder(tmp_path).intake.write_bytes(bytes(SIZE))
    assert await store.file_case(trigger(), [photo()], [], **FILING) == 1
    assert StateFolder(tmp_path).journal(1).exists()
    await store.close()


async def test_a_store_of_an_earlier_program_gets_one(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    await store.file_case(trigger(), [photo()], [], **FILING)
    await store.close()
    StateFolder(tmp_path).intake.unlink()
    store = await opened(tmp_path)
    assert await store.waiting() == (1,)
    assert is_at_rest(tmp_path)
    await store.close()


async def test_a_journal_file_is_erased_only_after_the_record(tmp_path: Path) -> None:
    """Nobody is remembered in the intake when the case is decided: else the verdict's files stay, to be tried again."""
    state, own = tmp_path / "state", packet()
    store = await opened(state)
    real = os.pwrite

    def pwrite(descriptor: int, data: Any, at: int) -> int:
        if not any(bytes(data[:8])):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(descriptor, data, at)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "pwrite", pwrite)
        number = await store.file_case(trigger(), [photo()], [own], **FILING)
        await store.enter_verdict(number, unidentified())
        assert StateFolder(state).journalled() == [number]
    await store.housekeep()
    assert is_at_rest(state)
    assert StateFolder(state).journalled() == []
    await store.close()
    with Archive(state) as archive:
        assert archive.case(number).verdict is not None
