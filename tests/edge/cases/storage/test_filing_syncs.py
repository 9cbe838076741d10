"""What a filing brings to the disk, and in which order: a power cut after the answer takes nothing of it away.

A disk that keeps only what was synced: a file's bytes with its own sync, a name with its folder's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.cases.store import CaseStore
from edge.model import Photo
from tests.support.cases import UNIT, packet, photo, trigger

FILING = {"limit_kmh": 50.0, "site": "SP 235"}


class Disk:
    """The names and files below a folder that are on the disk by now, and each state of it that a power cut leaves."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._synced: dict[int, bytes] = {}
        self._names: dict[Path, dict[str, int]] = {}
        self.states: list[dict[str, bytes | None]] = []

    def sync(self, descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if not path.is_relative_to(self._root):
            return
        if not path.exists():  # of a file that was replaced: it is overwritten
            self._synced.pop(os.fstat(descriptor).st_ino, None)
        elif path.is_dir():
            self._names[path] = {entry.name: entry.stat().st_ino for entry in path.iterdir()}
        else:
            self._synced[path.stat().st_ino] = path.read_bytes()
        self.states.append(self.after_a_power_cut())

    def after_a_power_cut(self) -> dict[str, bytes | None]:
        """Name -> content of all files; None: the name is there, and nobody knows what is in the file."""
        found: dict[str, bytes | None] = {}
        waiting = [self._root]
        while waiting:
            folder = waiting.pop()
            for name, inode in self._names.get(folder, {}).items():
                if (path := folder / name).is_dir():
                    waiting.append(path)
                else:
                    found[str(path.relative_to(self._root))] = self._synced.get(inode)
        return found


@contextmanager
def watched(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    disk, real = Disk(root), os.fsync

    def fsync(descriptor: int) -> None:
        real(descriptor)
        disk.sync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        yield disk


def holds(state: dict[str, bytes | None], photos: list[Photo]) -> bool:
    """Whether a case is on the disk; then its photos must be, whole."""
    if "00000001/pending.json" not in state:
        return False
    content = state["00000001/pending.json"]
    assert content is not None
    journal = content.decode()
    for index, each in enumerate(photos):
        if f"/{index}.jpg" in journal:
            assert state[f"00000001/{index}.jpg"] == each.jpeg
    return True


@pytest.mark.parametrize("count", [0, 1, 3])
async def test_a_case_that_was_answered_is_on_the_disk_and_never_without_its_photos(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    store = await CaseStore.open(tmp_path, None, UNIT)
    photos = [photo(number) for number in range(count + 1)]
    with watched(tmp_path / "frames", monkeypatch) as disk:
        number = await store.file_case(trigger(), photos[:count], [packet()], **FILING)
        filed = disk.after_a_power_cut()
        assert holds(filed, photos[:count])
        assert not any(name.endswith(".part") for name in filed)
        before = len(disk.states)
        await store.add(number, photos=photos[count:])
        assert holds(disk.after_a_power_cut(), photos)
    assert [holds(state, photos) for state in disk.states] == sorted(holds(state, photos) for state in disk.states)
    assert all(holds(state, photos) for state in disk.states[before:])
    await store.close()


async def test_everything_is_made_before_the_first_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the first sync is one commit of the file system's journal for all the names."""
    store = await CaseStore.open(tmp_path, None, UNIT)
    seen: list[list[str]] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        case = tmp_path / "frames" / "00000001"
        if case.is_dir():
            seen.append(sorted(path.name for path in case.iterdir()))
        real(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        await store.file_case(trigger(), [photo()], [packet()], **FILING)
    assert seen[0] == ["0.jpg", "pending.json.part"]
    await store.close()
