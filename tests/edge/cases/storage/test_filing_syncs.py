"""What a filing brings to the disk, and in which order: a power cut after the answer takes nothing of it away.

A disk that keeps only what was synced: a file's bytes with its own sync, a name with its folder's. The intake is there
from the start on, so its bytes alone count.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.cases.storage.layout import StateFolder
from edge.cases.store import CaseStore
from tests.support.cases import SIGNER, UNIT, packet, photo, trigger

FILING = {"limit_kmh": 50.0, "site": "SP 235"}
UNKNOWN = b"\xa5" * 1000
"""What is found in a file whose name is on the disk and whose bytes are not."""


class Disk:
    """What of the intake and of the cases' files is on the disk by now, and what each power cut would leave."""

    def __init__(self, folder: StateFolder) -> None:
        self._folder = folder
        self._synced: dict[int, bytes] = {}
        self._names: dict[Path, dict[str, int]] = {}
        self._intake = folder.intake.read_bytes()
        self.states: list[dict[str, bytes]] = []

    def sync(self, descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path == self._folder.intake:
            self._intake = path.read_bytes()
        elif not path.is_relative_to(self._folder.photos):
            return
        elif not path.exists():  # of a file that was replaced: it is overwritten
            self._synced.pop(os.fstat(descriptor).st_ino, None)
        elif path.is_dir():
            self._names[path] = {entry.name: entry.stat().st_ino for entry in path.iterdir()}
        else:
            self._synced[path.stat().st_ino] = path.read_bytes()
        self.states.append(self.after_a_power_cut())

    def after_a_power_cut(self) -> dict[str, bytes]:
        """Name -> content of all that is there."""
        found = {self._folder.intake.name: self._intake}
        waiting = [self._folder.photos]
        while waiting:
            folder = waiting.pop()
            for name, inode in self._names.get(folder, {}).items():
                if (path := folder / name).is_dir():
                    waiting.append(path)
                else:
                    found[self._folder.name(path)] = self._synced.get(inode, UNKNOWN)
        return found


@contextmanager
def watched(folder: StateFolder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    disk, real_calls = Disk(folder), {name: getattr(os, name) for name in ("fsync", "fdatasync")}

    with monkeypatch.context() as patch:
        for name, real in real_calls.items():

            def sync(descriptor: int, real: object = real) -> None:
                real(descriptor)  # type: ignore[operator]
                disk.sync(descriptor)

            patch.setattr(os, name, sync)
        yield disk


async def found_by_a_start(before: Path, state: dict[str, bytes]) -> list[bytes] | None:
    """The photos of case 1, which a unit finds that starts on *state* of the disk; None without the case."""
    folder = before.with_name("after")
    shutil.copytree(before, folder)
    for name, content in state.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    store = await CaseStore.open(folder, SIGNER, UNIT)
    cases = await store.pending()
    photos = [[path.read_bytes() for path in case.photos] for case in cases]
    assert [case.number for case in cases] in ([], [1])
    assert not list(folder.rglob("*.part"))
    await store.close()
    shutil.rmtree(folder)
    return [photo for each in photos for photo in each] if cases else None


@pytest.mark.parametrize("with_intake", [True, False], ids=["with an intake", "without"])
@pytest.mark.parametrize("count", [0, 1, 3])
async def test_a_case_that_was_answered_is_on_the_disk_and_never_without_its_photos(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, with_intake: bool
) -> None:
    state, before = tmp_path / "state", tmp_path / "before"
    store = await CaseStore.open(state, SIGNER, UNIT)
    shutil.copytree(state, before)
    photos = [photo(number) for number in range(count + 1)]
    if not with_intake:
        monkeypatch.setattr("edge.cases.storage.intake.Intake.put", lambda *_: False)
    with watched(StateFolder(state), monkeypatch) as disk:
        number = await store.file_case(trigger(), photos[:count], [packet()], **FILING)
        answered = 1 if with_intake else len(disk.states)  # the files follow while nobody waits
        await store.load(number)
        carried = len(disk.states)
        await store.add(number, photos=photos[count:])
    await store.close()
    assert len(disk.states) > carried >= answered + with_intake
    found = [await found_by_a_start(before, each) for each in disk.states]
    jpegs = [each.jpeg for each in photos]
    assert all(each in (None, jpegs[:count]) for each in found[:answered])
    assert all(each == jpegs[:count] for each in found[answered - 1 : carried])
    assert all(each in (jpegs[:count], jpegs) for each in found[carried:])
    assert found[-1] == jpegs


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
        await store.load(await store.file_case(trigger(), [photo()], [packet()], **FILING))
    assert seen[0] == ["0.jpg", "pending.json.part"]
    await store.close()
