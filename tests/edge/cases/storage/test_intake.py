"""The intake: a case is filed into it with one sync, and survives whatever ends the unit, whole and once."""

from __future__ import annotations

import logging
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.cases.audit import audit
from edge.cases.storage.intake import MAGIC, SIZE, Intake, IntakeRecord
from edge.cases.storage.layout import StateFolder
from edge.model import Photo
from tests.support.cases import SIGNER, packet, photo, trigger, unidentified
from tests.support.intake import FILING, intake, is_at_rest, left_in_the_intake, opened, whole


async def test_a_filing_waits_for_one_sync_that_changes_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def watched(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def call(*arguments: Any, **named: Any) -> Any:
            if threading.current_thread().name.startswith("case-filing"):
                calls.append(name)
            return real(*arguments, **named)

        return call

    store = await opened(tmp_path)
    with monkeypatch.context() as patch:
        for name in ("open", "fsync", "fdatasync", "replace", "rename", "unlink", "mkdir", "write", "pwrite"):
            patch.setattr(os, name, watched(name))
        await store.file_case(trigger(), [photo(1), photo(2)], [packet()], **FILING)
    assert calls == ["pwrite", "fdatasync"]
    await store.close()


async def test_the_files_follow_and_the_record_is_overwritten(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    assert is_at_rest(tmp_path)
    blocks = StateFolder(tmp_path).intake.stat().st_blocks
    own = packet()
    with StateFolder(tmp_path).intake.open("rb") as held:
        number = await store.file_case(trigger(), [photo()], [own], **FILING)
        await store.load(number)
        assert held.read() == bytes(SIZE), "the same blocks, overwritten"
    assert StateFolder(tmp_path).intake.stat().st_blocks == blocks
    assert StateFolder(tmp_path).journalled() == [1]
    assert StateFolder(tmp_path).intake.stat().st_mode & 0o777 == 0o600
    await store.close()
    assert is_at_rest(tmp_path)


async def test_a_case_that_only_the_intake_holds_is_found_whole(tmp_path: Path) -> None:
    photos, packets = [photo(1), photo(2)], [packet(), packet()]
    left = await left_in_the_intake(tmp_path / "state", photos, packets)
    assert MAGIC in intake(left)
    await whole(left, {1: (photos, packets)})


async def test_an_end_at_any_call_leaves_the_case_whole_and_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each call that changes the folder it is copied, as a kill would leave it, and a unit starts on the copy."""
    state, copies = tmp_path / "state", list[tuple[str, Path]]()
    store, one_at_a_time = await opened(state), threading.RLock()
    photos, packets, copying = [photo(1), photo(2)], [packet()], list[str]()

    def watched(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def call(*arguments: Any, **named: Any) -> Any:
            with one_at_a_time:
                result = real(*arguments, **named)
                if threading.current_thread().name.startswith(("case-filing", "case-adding")) and not copying:
                    copying.append(name)
                    copies.append((name, shutil.copytree(state, tmp_path / f"copy-{len(copies)}")))
                    copying.clear()
            return result

        return call

    with monkeypatch.context() as patch:
        for name in ("fsync", "fdatasync", "replace", "mkdir", "write", "pwrite", "fchmod"):
            patch.setattr(os, name, watched(name))
        assert await store.file_case(trigger(), photos, packets, **FILING) == 1
        await store.load(1)
    await store.close()
    names = [name for name, _ in copies]
    assert names[:2] == ["pwrite", "fdatasync"] and names[-2:] == ["pwrite", "fdatasync"]
    assert names.count("fsync") == 6
    for _, copy in copies:
        await whole(copy, {1: (photos, packets)})


@pytest.mark.parametrize("part", [0.0, 0.2, 0.6, 0.9, 0.999])
@pytest.mark.parametrize("how", ["its end was not written", "a byte is another"])
async def test_a_torn_record_is_no_case_and_is_overwritten(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, part: float, how: str
) -> None:
    own = packet()
    left = await left_in_the_intake(tmp_path / "state", [photo(1)], [own])
    data = bytearray(intake(left))
    length = len(bytes(data).rstrip(b"\0"))
    at = max(len(MAGIC) + 6, int(part * length))
    if how == "a byte is another":
        data[at] ^= 0x10
    else:
        data[at:] = bytes(len(data) - at)
    StateFolder(left).intake.write_bytes(data)
    with caplog.at_level(logging.WARNING):
        await whole(left, {})
    assert "record that is not whole" in caplog.text
    assert own.uid not in caplog.text


async def test_a_record_of_a_case_that_has_its_files_adds_nothing(tmp_path: Path) -> None:
    """The end came before the record was overwritten, and more was added to the case or it was decided."""
    left = await left_in_the_intake(tmp_path / "state", [photo(1)], [packet()])
    record = intake(left)
    store = await opened(left)
    late = packet()
    await store.add(1, photos=[photo(2)], packets=[late])
    await store.close()
    StateFolder(left).intake.write_bytes(record)
    store = await opened(left)
    case = await store.load(1)
    assert len(case.photos) == 2 and case.packets[-1] == late
    assert is_at_rest(left)
    await store.enter_verdict(1, unidentified())
    await store.close()
    StateFolder(left).intake.write_bytes(record)
    store = await opened(left)
    assert await store.waiting() == ()
    assert is_at_rest(left)
    await store.close()
    assert not StateFolder(left).journalled()
    audit(left)


@pytest.mark.parametrize("how", ["pending", "decided", "it has its files alone"])
async def test_a_record_whose_number_another_case_got_becomes_the_next(tmp_path: Path, how: str) -> None:
    """An earlier version, put back after a crash, knows no intake: it gave the number to its own next trigger."""
    photos, packets, other = [photo(1), photo(2)], [packet()], packet()
    left = await left_in_the_intake(tmp_path / "state", photos, packets)
    record = intake(left)
    StateFolder(left).intake.unlink()
    store = await opened(left)
    assert await store.file_case(trigger(), [photo(3)], [other], **FILING) == 1
    await store.load(1)
    if how == "decided":
        await store.enter_verdict(1, unidentified())
    if how == "it has its files alone":
        files = shutil.copytree(left / "frames", tmp_path / "frames")
        await store.close()
        shutil.rmtree(left)
        await (await opened(left)).close()
        shutil.copytree(files, left / "frames", dirs_exist_ok=True)
    else:
        await store.close()
    for _ in range(2):  # the second start is after an end that came before the record was overwritten
        StateFolder(left).intake.write_bytes(record)
        store = await opened(left)
        assert is_at_rest(left)
        waiting = await store.waiting()
        await store.close()
        assert waiting == ((2,) if how == "decided" else (1, 2))
    store = await opened(left)
    found = await store.load(2)
    assert [path.read_bytes() for path in found.photos] == [each.jpeg for each in photos]
    assert list(found.packets) == packets
    if how != "decided":
        assert (await store.load(1)).packets == (other,)
    for number in await store.waiting():
        await store.enter_verdict(number, unidentified())
    await store.close()
    assert not StateFolder(left).journalled()
    audit(left, trusted=SIGNER.public_key)


async def test_a_full_intake_files_the_slower_way(tmp_path: Path) -> None:
    """The disk is too slow for the files: what finds no room in the intake gets them at once."""
    store = await opened(tmp_path)
    large = Photo(os.urandom(SIZE // 3), 1280, 720, 1.0, 1)
    photos: list[Photo] = []
    real = os.fsync
    slow = threading.Event()

    def fsync(descriptor: int) -> None:
        if threading.current_thread().name.startswith("case-adding"):
            assert slow.wait(60)
        real(descriptor)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        for index in range(4):
            each = photo(index) if index == 3 else large
            photos.append(each)
            assert await store.file_case(trigger(), [each], [packet()], **FILING) == index + 1
            has_files = StateFolder(tmp_path).journal(index + 1).exists()
            assert has_files == (index == 2), "two large ones and a small one have room"
        slow.set()
        found = [path.read_bytes() for case in await store.pending() for path in case.photos]
    assert found == [each.jpeg for each in photos]
    assert is_at_rest(tmp_path)
    await store.close()
    audit(tmp_path)


def test_room_is_found_again_where_records_were(tmp_path: Path) -> None:
    held = Intake(StateFolder(tmp_path))
    held.begin(10 * SIZE)
    photos = (os.urandom(SIZE // 4),)
    records = [IntakeRecord(number, b'{"content":{"frames":[]}}', photos) for number in range(1, 6)]
    assert [held.put(record) for record in records] == [True, True, True, False, False]
    held.clear(2)
    assert not held.put(records[3]), "one that waits is not overwritten"
    held.kept(2)
    held.clear(2)
    assert held.put(records[3])
    assert held.numbers() == [1, 3, 4]
    for number in held.numbers():
        held.kept(number)
    held.tidy()
    held.close()
    assert is_at_rest(tmp_path)
