"""``keep_delivered_days``: photos leave the card once the centre has read its own copies, and may be brought back."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from centre.delivery.status import take_status
from centre.errors import Refused
from centre.records import Officer, export_case
from centre.units import Visitor
from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.evidence.verify import check_package
from edge.cases.export import export_cases, report_of
from edge.cases.retention import RetentionPolicy, due, purge
from edge.cases.review import record
from edge.cases.storage import Head, StateFolder, bring_back, database, leaving
from edge.cases.storage.outbox import Outbox
from edge.delivery import Client, Courier, DailyBudget, trusting
from edge.delivery.leaving import LeavingPhotos
from edge.delivery.wire import MAX_LEAVING
from edge.errors import CaseError, EvidenceError, PhotosLeft
from edge.officers.case_text import case_lines
from edge.officers.wire import from_case, to_case_of
from tests.support.cases import SIGNER
from tests.support.centre import Centre
from tests.support.courier import SERIAL, at_work, joined, settled, until
from tests.support.stores import own_desk

CONTI = Officer("conti", "appeal")


def courier_of(centre: Centre, state_dir: Path, days: float | None = 1.0) -> Courier:
    """A courier whose unit lets photos leave after so many *days*."""
    client = Client(centre.url, trusting(centre.authority), SERIAL, SIGNER)
    photos = LeavingPhotos(state_dir, days, SIGNER, centre.url)
    return Courier(client, Outbox(state_dir), budget=DailyBudget(1 << 40), leaving=photos)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits an hour, and a container's clock counts as synchronised."""
    monkeypatch.setattr("edge.delivery.leaving.LOOK_S", 0.0)
    monkeypatch.setattr("edge.delivery.leaving.clock_is_trusted", lambda: True)
    monkeypatch.setattr("edge.delivery.courier.LEAST_STATUS_S", 0.05)
    monkeypatch.setattr("edge.delivery.courier.MOST_STATUS_S", 0.05)
    monkeypatch.setattr("edge.delivery.courier.LOOK_S", 0.05)


def here(state_dir: Path) -> list[int]:
    """The cases that have photos on the card."""
    return sorted({int(photo.parent.name) for photo in StateFolder(state_dir).photos.glob("*/*.jpg")})


def left(state_dir: Path) -> list[int]:
    """The cases whose chain says that the photos left."""
    with closing(database.open_to_read(StateFolder(state_dir))) as opened:
        found = opened.execute("SELECT case_number FROM entries WHERE kind = 'photos_left' ORDER BY seq").fetchall()
    return [number for (number,) in found]


async def delivered(centre: Centre, state_dir: Path, days: float | None = 1.0) -> None:
    """Deliver all, and go on until the photos that may leave have left."""
    with Archive(state_dir) as archive:
        cases = archive.count()
    async with at_work(courier := courier_of(centre, state_dir, days)):
        await until(lambda: settled(state_dir) == cases)
        if days is not None:
            await until(lambda: left(state_dir) and not here(state_dir))
        head = Outbox(state_dir).head()
        await until(lambda: head is not None and courier.confirmed >= head.seq)


async def test_photos_leave_when_the_centre_has_them_and_everybody_says_so(centre: Centre, tmp_path: Path) -> None:
    state_dir = await joined(centre, tmp_path, 3)
    await delivered(centre, state_dir)
    assert here(state_dir) == [] and left(state_dir) == [1, 2, 3]
    assert "3 cases, the photos of 3 of them at the centre" in audit(state_dir, trusted=SIGNER.public_key)
    with Archive(state_dir) as archive:
        opened = archive.open(1)
        assert opened.checked.photos_left_utc is not None and len(opened.case.photos) == 1
        with pytest.raises(PhotosLeft, match="the photos of case 1 are at the centre since 20"):
            archive.photo(1, 0)
    assert b"%PDF" in report_of(state_dir, 1)
    with closing(own_desk(state_dir)) as desk:
        shown = desk.open(1)
    assert to_case_of(from_case(shown)) == shown and shown.photos_left_utc is not None
    assert any(line.startswith("The photos are at the centre since") for line in case_lines(shown))
    with pytest.raises(PhotosLeft, match="autovelox cases bring-back 1 FOLDER"):
        export_cases(state_dir, [1], tmp_path / "package.zip", officer="rossi", signer=SIGNER)
    said = await centre.pool.fetch("SELECT seq FROM entries WHERE kind = 'photos_left'")
    assert len(said) == 3, "the centre knows it from the chain"
    assert await centre.alarms() == []


async def test_without_the_setting_photos_stay(centre: Centre, tmp_path: Path) -> None:
    state_dir = await joined(centre, tmp_path, 2)
    await delivered(centre, state_dir, None)
    assert here(state_dir) == [1, 2] and left(state_dir) == []


async def test_photos_that_are_too_young_stay(centre: Centre, tmp_path: Path) -> None:
    state_dir = await joined(centre, tmp_path, 1)
    photos = LeavingPhotos(state_dir, 36_500.0, SIGNER, centre.url)
    async with at_work(courier_of(centre, state_dir, None)):
        await until(lambda: settled(state_dir) == 1)
    assert photos.asks() == [], "a hundred years have not passed"
    assert len(LeavingPhotos(state_dir, 1.0, SIGNER, centre.url).asks()) == 1


async def test_what_the_centre_has_damaged_stays_on_the_card(centre: Centre, tmp_path: Path) -> None:
    """It had the photo whole once; what counts is what it reads now."""
    state_dir = await joined(centre, tmp_path, 2)
    await delivered(centre, state_dir, None)
    with Archive(state_dir) as archive:
        digest = archive.manifest(2)["frames"][0]["sha256"]
    await centre.pool.execute("UPDATE blob_parts SET data = set_byte(data, 9, 1) WHERE sha256 = $1", digest)
    async with at_work(courier_of(centre, state_dir)):
        await until(lambda: left(state_dir) == [1] and here(state_dir) == [2])
        await until(centre.alarms)
    assert left(state_dir) == [1] and here(state_dir) == [2]
    assert {kind for kind, _ in await centre.alarms()} == {"photo"}
    assert "the photos of 1 of them at the centre" in audit(state_dir)


async def test_a_case_on_hold_keeps_its_photos(centre: Centre, tmp_path: Path) -> None:
    state_dir = await joined(centre, tmp_path, 2)
    record(state_dir, 1, kind="hold", officer="rossi", reason="appeal 7/26", signer=SIGNER)
    async with at_work(courier_of(centre, state_dir)):
        await until(lambda: left(state_dir) == [2] and here(state_dir) == [1])
    assert left(state_dir) == [2]


async def test_photos_that_are_brought_back_are_evidence_as_before(centre: Centre, tmp_path: Path) -> None:
    state_dir = await joined(centre, tmp_path, 2)
    before = (StateFolder(state_dir).photo(1, 0)).read_bytes()
    await delivered(centre, state_dir)
    async with centre.pool.acquire() as connection:
        await export_case(connection, SIGNER, CONTI, SERIAL, 1, tmp_path / "from-centre")
    folder = StateFolder(state_dir)
    with pytest.raises(CaseError, match="1 of 1 photos of case 2 are not in"):
        bring_back(folder, 2, tmp_path / "from-centre", SIGNER, {})
    assert bring_back(folder, 1, tmp_path / "from-centre", SIGNER, {"officer": "root", "account": "root"}) == 1
    assert folder.photo(1, 0).read_bytes() == before
    with pytest.raises(CaseError, match="did not leave"):
        bring_back(folder, 1, tmp_path / "from-centre", SIGNER, {})
    export_cases(state_dir, [1], tmp_path / "package.zip", officer="rossi", signer=SIGNER)
    assert check_package(tmp_path / "package.zip", SIGNER.public_key)
    leaving.remove_left(folder)
    assert here(state_dir) == [1], "they stay from now on"
    assert leaving.may_leave(folder, before_utc=4e9, most_photos=9, most_bytes=1 << 30) == []
    folder.photo(1, 0).unlink()
    with pytest.raises(EvidenceError, match="is gone"), Archive(state_dir) as archive:
        archive.open(1)
    with pytest.raises(EvidenceError, match="is gone"):
        audit(state_dir)
    assert bring_back(folder, 1, tmp_path / "from-centre", SIGNER, {"officer": "root", "account": "root"}) == 1
    assert folder.photo(1, 0).read_bytes() == before
    assert "all signed" in audit(state_dir)


async def test_a_photo_is_missed_where_no_entry_says_that_it_left(centre: Centre, tmp_path: Path) -> None:
    """Whoever may write the card takes one away: no word of the centre excuses that."""
    state_dir = await joined(centre, tmp_path, 2)
    await delivered(centre, state_dir, None)
    StateFolder(state_dir).photo(1, 0).unlink()
    with pytest.raises(EvidenceError, match="is gone"):
        audit(state_dir)


async def test_an_altered_photo_is_found_though_it_might_have_left(centre: Centre, tmp_path: Path) -> None:
    state_dir = await joined(centre, tmp_path, 1)
    kept = tmp_path / "kept"
    shutil.copytree(StateFolder(state_dir).case(1), kept)
    await delivered(centre, state_dir)
    photo = StateFolder(state_dir).photo(1, 0)
    photo.write_bytes(b"another" + (kept / "0.jpg").read_bytes()[7:])
    with pytest.raises(EvidenceError, match="altered"):
        audit(state_dir)


async def test_a_photo_goes_only_when_its_entry_is_safe(
    centre: Centre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the head covers the entry a power cut could take it back, and the photo would be missed."""
    state_dir = await joined(centre, tmp_path, 1)
    await delivered(centre, state_dir, None)
    folder = StateFolder(state_dir)
    cases = leaving.may_leave(folder, before_utc=4e9, most_photos=9, most_bytes=1 << 30)
    with monkeypatch.context() as patch:
        patch.setattr(leaving, "read_head", lambda _: Head(1, "0" * 64))
        assert leaving.let_leave(folder, cases, SIGNER, {"centre": centre.url}) == 1
    assert here(state_dir) == [1] and left(state_dir) == [1]
    leaving.remove_left(folder)
    assert here(state_dir) == []


async def test_a_purge_takes_what_left_as_well(centre: Centre, tmp_path: Path) -> None:
    state_dir = await joined(centre, tmp_path, 2)
    await delivered(centre, state_dir)
    assert due(state_dir, RetentionPolicy(1, 1, 1, only_delivered=True)) == (1, 2)
    purge(state_dir, [1], reason="retention period over", signer=SIGNER)
    assert "1 of them purged, the photos of 1 of them at the centre" in audit(state_dir)
    async with at_work(courier_of(centre, state_dir, None)):
        await until(lambda: centre.pool.fetchval("SELECT count(*) = 1 FROM cases WHERE state = 'purged'"))
    assert await centre.pool.fetchval("SELECT count(*) FROM files WHERE case_number = 1") == 0


async def test_a_unit_asks_about_its_own_photos_alone(centre: Centre, tmp_path: Path) -> None:
    state_dir = await joined(centre, tmp_path, 1)
    await delivered(centre, state_dir, None)
    with Archive(state_dir) as archive:
        digest = archive.manifest(1)["frames"][0]["sha256"]
    head = await centre.pool.fetchrow("SELECT id, head_seq AS seq, head_hash AS hash FROM units")
    status = {"head": {"seq": head["seq"], "hash": head["hash"]}, "leaving": [digest, "0" * 64, digest]}
    assert (await take_status(centre.pool, Visitor(head["id"], SERIAL), status))["held"] == [digest]
    other = await centre.pool.fetchval(
        "INSERT INTO units (serial, state, public_key) VALUES ('AVX-OTHER', 'active', $1) RETURNING id", os.urandom(32)
    )
    first = {"head": {"seq": 0, "hash": "0" * 64}, "leaving": [digest]}
    assert (await take_status(centre.pool, Visitor(other, "AVX-OTHER"), first))["held"] == []
    for wrong in ("x", [digest] * (MAX_LEAVING + 1), ["0" * 63], [1]):
        with pytest.raises(Refused):
            await take_status(centre.pool, Visitor(other, "AVX-OTHER"), {**first, "leaving": wrong})


async def test_one_status_makes_the_centre_read_so_much_and_no_more(
    centre: Centre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A unit, or whoever has its token, asks about much: the rest is not read. A unit asks about less, case by case."""
    state_dir = await joined(centre, tmp_path, 3)
    await delivered(centre, state_dir, None)
    folder = StateFolder(state_dir)
    sizes = [folder.photo(number, 0).stat().st_size for number in (1, 2, 3)]
    asked = leaving.may_leave(folder, before_utc=4e9, most_photos=9, most_bytes=sum(sizes[:2]))
    assert [case.number for case in asked] == [1, 2]
    assert [case.number for case in leaving.may_leave(folder, before_utc=4e9, most_photos=1, most_bytes=1)] == [1]
    monkeypatch.setattr("centre.delivery.blobs.MAX_LEAVING_BYTES", sizes[0])
    head = await centre.pool.fetchrow("SELECT id, head_seq AS seq, head_hash AS hash FROM units")
    every = leaving.may_leave(folder, before_utc=4e9, most_photos=9, most_bytes=1 << 30)
    digests = [case.photos[0] for case in every]
    status = {"head": {"seq": head["seq"], "hash": head["hash"]}, "leaving": digests}
    assert (await take_status(centre.pool, Visitor(head["id"], SERIAL), status))["held"] == digests[:1]


async def test_an_earlier_centre_lets_nothing_leave(centre: Centre, tmp_path: Path) -> None:
    """It answers no ``held``; nor does a photo leave for an answer that is none."""
    state_dir = await joined(centre, tmp_path, 1)
    await delivered(centre, state_dir, None)
    for answer in ({}, {"held": None}, {"held": "all"}, {"held": [1, {}]}, {"held": ["0" * 64]}):
        photos = LeavingPhotos(state_dir, 1.0, SIGNER, centre.url)
        assert len(photos.asks()) == 1
        photos.take(answer)
    assert here(state_dir) == [1] and left(state_dir) == []
