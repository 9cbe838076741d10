"""Entries at the centre: twice is a no-op, a gap asks again, a fork is kept, only the unit's own chain counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.cases.evidence import DOMAIN, Link, Signer, canonical, key_content, next_entry, sha256
from edge.cases.review import record
from edge.delivery.client import Answered, Client
from tests.support.cases import SIGNER, filled
from tests.support.centre import Centre, as_lines, lines_of, links_of

SERIAL = "AVX-TEST"


async def unit_at(centre: Centre, tmp_path: Path, cases: int = 2) -> tuple[Client, Path]:
    """A unit with a store of some cases that has joined."""
    state_dir = tmp_path / "unit"
    await filled(state_dir, cases)
    return await centre.let_in(SERIAL, SIGNER, tmp_path), state_dir


async def test_a_whole_chain_is_confirmed_and_its_cases_are_there(centre: Centre, tmp_path: Path) -> None:
    client, state_dir = await unit_at(centre, tmp_path, 3)
    links = links_of(state_dir)
    async with client:
        await client.log_in(b"")
        confirmed = await client.entries(lines_of(state_dir))
        assert await client.head() == confirmed
    assert confirmed.seq == len(links) == 7  # the key, and two entries a case
    rows = await centre.pool.fetch("SELECT number, state, plate, outcome, driver_name FROM cases ORDER BY number")
    assert [tuple(row) for row in rows] == [
        (1, "decided", "AB000CD", "identified", "Ada Rossi"),
        (2, "decided", "AB001CD", "identified", "Ada Rossi"),
        (3, "decided", "ZZ999ZZ", "unidentified", ""),
    ]
    stored = await centre.pool.fetch("SELECT header, body, signature, key_id FROM entries ORDER BY seq")
    assert [Link(*row) for row in stored] == links, "byte for byte"
    assert await centre.pool.fetchval("SELECT anchored FROM units")
    assert await centre.alarms() == []


async def test_twice_is_a_no_op_also_in_part(centre: Centre, tmp_path: Path) -> None:
    client, state_dir = await unit_at(centre, tmp_path)
    async with client:
        await client.log_in(b"")
        assert (await client.entries(lines_of(state_dir, 0, 3))).seq == 3
        assert (await client.entries(lines_of(state_dir, 0, 3))).seq == 3
        assert (await client.entries(lines_of(state_dir, 1, 5))).seq == 5, "old and new in one request"
        assert (await client.entries(lines_of(state_dir, 1, 2))).seq == 5
    assert await centre.pool.fetchval("SELECT count(*) FROM entries") == 5
    assert await centre.alarms() == []


async def test_a_gap_is_refused_and_says_where(centre: Centre, tmp_path: Path) -> None:
    client, state_dir = await unit_at(centre, tmp_path)
    async with client:
        await client.log_in(b"")
        await client.entries(lines_of(state_dir, 0, 2))
        with pytest.raises(Answered) as refused:
            await client.entries(lines_of(state_dir, 3))
        assert refused.value.word == "gap"
        assert refused.value.confirmed is not None and refused.value.confirmed.seq == 2
    assert await centre.pool.fetchval("SELECT count(*) FROM entries") == 2


async def test_a_fork_is_refused_kept_and_an_alarm(centre: Centre, tmp_path: Path) -> None:
    """The unit was cloned: both copies go on with the one key."""
    client, state_dir = await unit_at(centre, tmp_path)
    links = links_of(state_dir)
    other = next_entry((3, _hash(links[2])), "filed", 2, {"number": 2, "twin": True}, at_utc=9e9, signer=SIGNER)
    clone = [*links[:3], Link(other.header, other.body, other.signature, other.key_id)]
    async with client:
        await client.log_in(b"")
        whole = await client.entries(lines_of(state_dir))
        with pytest.raises(Answered) as refused:
            await client.entries(as_lines(clone))
        assert refused.value.word == "fork"
        with pytest.raises(Answered, match="another"):
            await client.entries(as_lines(clone[3:]))
        assert await client.head() == whole, "what was confirmed stays"
    assert await centre.alarms() == [("fork", 4)]
    kept = await centre.pool.fetch("SELECT seq, hash, header, body, signature, key_id FROM forks")
    assert [tuple(row) for row in kept] == [(4, other.hash, other.header, other.body, other.signature, other.key_id)]


async def test_a_fork_before_the_head_is_seen_by_its_successor(centre: Centre, tmp_path: Path) -> None:
    client, state_dir = await unit_at(centre, tmp_path)
    links = links_of(state_dir)
    other = next_entry((5, "a" * 64), "view", 1, {"number": 1}, at_utc=9e9, signer=SIGNER)
    async with client:
        await client.log_in(b"")
        await client.entries(as_lines(links[:5]))
        with pytest.raises(Answered) as refused:
            await client.entries(as_lines([Link(other.header, other.body, other.signature, other.key_id)]))
        assert refused.value.word == "fork"
    assert await centre.alarms() == [("fork", 6)]


def _hash(link: Link) -> str:
    return sha256(link.header)


def altered(links: list[Link], place: int, **changes: object) -> list[Link]:
    return [link._replace(**changes) if number == place else link for number, link in enumerate(links)]


def _unsigned(links: list[Link]) -> list[Link]:
    return altered(links, 1, signature=None, key_id=None)


def _body(links: list[Link]) -> list[Link]:
    return altered(links, 1, body=(links[1].body or b"").replace(b"SP 235", b"SP 236"))


def _signature(links: list[Link]) -> list[Link]:
    return altered(links, 2, signature=bytes(64))


def _left_out(links: list[Link]) -> list[Link]:
    return [links[0], *links[2:]]


def _swapped(links: list[Link]) -> list[Link]:
    return [links[0], links[2], links[1], *links[3:]]


def _foreign_key(links: list[Link]) -> list[Link]:
    thief = Signer(bytes(range(1, 33)))
    first = next_entry(None, "key", None, key_content(thief, supersedes=None), at_utc=1.0, signer=thief)
    return [Link(first.header, first.body, first.signature, first.key_id), *links[1:]]


@pytest.mark.parametrize("attack", [_unsigned, _body, _signature, _left_out, _swapped, _foreign_key])
async def test_what_the_unit_did_not_write_in_this_order_is_refused(
    centre: Centre, tmp_path: Path, attack: object
) -> None:
    client, state_dir = await unit_at(centre, tmp_path)
    async with client:
        await client.log_in(b"")
        with pytest.raises(Answered):
            await client.entries(as_lines(attack(links_of(state_dir))))  # type: ignore[operator]
        assert (await client.head()).seq == 0, "nothing of such a request is kept"
        assert (await client.entries(lines_of(state_dir))).seq == 5, "the real chain is taken all the same"


LIES: list[tuple[str, dict[str, object]]] = [
    ("not the manifest of that case", {"number": 7}),
    ("no frames", {"number": 1, "trigger": {}, "limit_kmh": 50, "site": "x"}),
    ("nul", {"site": "a\0b"}),
    ("a number that is a text", {"limit_kmh": "50'; DROP TABLE entries; --"}),
    ("infinite speed", {"limit_kmh": 1e999}),
    ("a number of four hundred digits", {"limit_kmh": 10**400}),
    ("a photo of minus one byte", {"frames": [{"file": "0.jpg", "sha256": "0" * 64, "bytes": -1}]}),
    ("a hash that is SQL", {"frames": [{"file": "0.jpg", "sha256": "'; DELETE FROM units; --", "bytes": 10}]}),
    ("ten thousand photos", {"frames": [{"file": "0.jpg", "sha256": "0" * 64, "bytes": 10}] * 10_000}),
]


@pytest.mark.parametrize(("what", "changes"), LIES, ids=[what for what, _ in LIES])
async def test_a_unit_that_lies_in_its_manifest_harms_nobody(
    centre: Centre, tmp_path: Path, what: str, changes: dict[str, object]
) -> None:
    """Whoever stole the key signs whatever they like: it is refused as none of a unit's, or is text in a row."""
    client, state_dir = await unit_at(centre, tmp_path)
    links = links_of(state_dir)
    honest = json.loads(links[1].body or b"")
    content = {**honest, **changes}
    body = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    header = canonical(
        {
            "at": 1790000000.5,
            "body": sha256(body),
            "case": 1,
            "kind": "filed",
            "previous": _hash(links[0]),
            "seq": 2,
        }
    )
    lie = Link(header, body, SIGNER.sign(DOMAIN + header), SIGNER.key_id)
    async with client:
        await client.log_in(b"")
        if what == "nul":
            assert (await client.entries(as_lines([links[0], lie]))).seq == 2
            assert await centre.pool.fetchval("SELECT site FROM cases") == "a\N{REPLACEMENT CHARACTER}b"
            return
        with pytest.raises(Answered) as refused:
            await client.entries(as_lines([links[0], lie]))
        assert refused.value.word == "broken"
        assert (await client.head()).seq == 0
    assert await centre.alarms() == [("broken", 1)]


async def test_the_tables_refuse_to_be_edited(centre: Centre, tmp_path: Path) -> None:
    client, state_dir = await unit_at(centre, tmp_path)
    async with client:
        await client.log_in(b"")
        await client.entries(lines_of(state_dir))
    for statement in (
        "UPDATE entries SET header = 'x' WHERE seq = 2",
        "UPDATE entries SET body = 'x' WHERE seq = 2",
        "UPDATE entries SET signature = 'x' WHERE seq = 2",
        "DELETE FROM entries WHERE seq = 5",
        "TRUNCATE entries CASCADE",
    ):
        with pytest.raises(Exception, match="never edited"):
            await centre.pool.execute(statement)


async def test_a_withdrawn_judgement_counts_no_longer_whatever_the_batches_are(centre: Centre, tmp_path: Path) -> None:
    client, state_dir = await unit_at(centre, tmp_path, 3)

    def judge(kind: str, number: int, plate: str | None = None) -> None:
        record(state_dir, number, kind=kind, officer="Conti", reason="looked at it", plate=plate, signer=SIGNER)

    async def rows() -> list[tuple[object, ...]]:
        found = await centre.pool.fetch("SELECT review, corrected_plate FROM cases ORDER BY number")
        return [tuple(row) for row in found]

    judge("correct_plate", 1, "AB000CE")
    judge("confirm", 2)
    async with client:
        await client.log_in(b"")
        await client.entries(lines_of(state_dir))
        assert await rows() == [("correct_plate", "AB000CE"), ("confirm", None), (None, None)]
        judge("withdraw", 2)  # of an earlier batch
        for kind, plate in (("correct_plate", "AB000CF"), ("dismiss", None), ("withdraw", None), ("withdraw", None)):
            judge(kind, 1, plate)  # of the same one
        judge("confirm", 3)
        judge("withdraw", 3)
        judge("dismiss", 3)
        await client.entries(lines_of(state_dir))
        assert await rows() == [("correct_plate", "AB000CE"), (None, None), ("dismiss", None)]
        judge("confirm_vehicle", 1)
        await client.entries(lines_of(state_dir))
        assert await rows() == [("confirm_vehicle", "AB000CE"), (None, None), ("dismiss", None)]
        judge("withdraw", 1)
        await client.entries(lines_of(state_dir))
    assert await rows() == [("correct_plate", "AB000CE"), (None, None), ("dismiss", None)]
    assert await centre.alarms() == []
