"""Which PyTorch an x86_64 machine gets: the small build wherever it is to be had, else the large one with a word."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "systemd" / "setup"))
import install as installer
from locked import locked


class Registry:
    """What pip is asked, and what it finds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, index: bool) -> None:
        self.asked: list[str] = []
        self.has: set[str] = set()
        monkeypatch.setattr(installer, "answers", lambda address: index)
        monkeypatch.setattr(installer.Pip, "run", lambda pip, *words, quiet=False: self.run(*words))

    def run(self, *words: str) -> bool:
        """Whether the place that *words* name is among those that have what is asked for."""
        place = "wheels" if "--no-index" in words else "pytorch" if "--index-url" in words else "public"
        if "--require-hashes" in words:
            place = f"{place}, hashed"
        self.asked.append(place)
        return place in self.has


@pytest.mark.parametrize(
    ("has", "asked"),
    [
        ({"wheels"}, ["wheels", "wheels"]),
        ({"public"}, ["wheels", "public", "public"]),
        ({"pytorch"}, ["wheels", "public", "pytorch"]),
        ({"public, hashed"}, ["wheels", "public", "pytorch", "wheels, hashed", "public, hashed"]),
    ],
)
def test_the_small_torch_is_looked_for_everywhere_before_the_large_one_is_taken(
    has: set[str],
    asked: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    registry = Registry(monkeypatch, index=True)
    registry.has = has
    assert installer.Pip(("install",), "x86_64", "3.11", tmp_path).part("torch")
    assert registry.asked == asked
    assert ("3.0 GB to fetch" in capsys.readouterr().out) == ("public, hashed" in has)


def test_an_index_that_does_not_answer_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry(monkeypatch, index=False)
    registry.has = {"public, hashed"}
    assert installer.Pip(("install",), "x86_64", "3.11", None).part("torch")
    assert "pytorch" not in registry.asked


def test_a_package_is_not_made_with_the_large_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    Registry(monkeypatch, index=False)
    with pytest.raises(SystemExit, match="no CPU build of PyTorch is to be had here: give a folder"):
        installer.Pip(("install",), "x86_64", "3.11", None, cpu_only=True).part("torch")


def test_the_large_torch_is_not_begun_on_a_disk_too_small_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    Registry(monkeypatch, index=False)
    monkeypatch.setattr(installer, "CUDA_FREE_GB", 1e6)
    with pytest.raises(SystemExit, match="are needed: make room"):
        installer.Pip(("install",), "x86_64", "3.11", None).part("torch")


def wheel(folder: Path, name: str, version: str) -> Path:
    """A wheel with nothing in it."""
    file = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return file


@pytest.mark.parametrize("damaged", [False, True])
def test_pytorchs_own_index_is_believed_by_its_checksums(
    damaged: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages, site = locked("torch", "x86_64", "3.11"), tmp_path / "site"
    for name in ("torch", "torchvision"):
        folder = site / "cpu" / name
        folder.mkdir(parents=True)
        file = wheel(folder, name, f"{packages[name].version}+cpu")
        sha256 = "0" * 64 if damaged else hashlib.sha256(file.read_bytes()).hexdigest()
        link = f'<a href="{file.name.replace("+", "%2B")}#sha256={sha256}">{file.name}</a>'
        (folder / "index.html").write_text(f"<!DOCTYPE html><html><body>{link}</body></html>")
        (site / "public" / name).mkdir(parents=True)
    for variable in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    handler = partial(QuietHandler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("PIP_INDEX_URL", f"{address}/public")
        monkeypatch.setattr(installer, "PYTORCH_INDEX", f"{address}/cpu")
        download = ("download", "--dest", str(tmp_path / "out"))
        taken = installer.Pip(download, "x86_64", "3.11", None).cpu_build(packages)
        server.shutdown()
    assert taken is not damaged
    if taken:
        assert len(list((tmp_path / "out").glob("torch*+cpu*.whl"))) == 2


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves a folder and writes no log."""

    def log_message(self, *_: object) -> None: ...


def test_a_board_takes_its_torch_by_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry(monkeypatch, index=True)
    registry.has = {"public, hashed"}
    assert installer.Pip(("install",), "aarch64", "3.11", None).part("torch")
    assert registry.asked == ["public, hashed"]
