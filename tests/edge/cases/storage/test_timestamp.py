"""Time stamps of checkpoints, from an authority made with ``openssl ts`` that answers on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.cases.storage.timestamp import TimeStamps
from edge.cases.storage.witness import newest_checkpoint
from edge.cases.store import CaseStore
from edge.config import Settings
from edge.errors import CaseError, SecretError
from tests.support.cases import SIGNER, UNIT, photo, trigger
from tests.support.tsa import OPENSSL, Authority, answering

pytestmark = pytest.mark.skipif(not OPENSSL, reason="no openssl")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "own")


@pytest.fixture
def served(authority: Authority) -> Iterator[tuple[str, dict[str, Callable[[bytes], bytes]]]]:
    """The authority's address, and what it does with a query under ``answer``."""
    does: dict[str, Callable[[bytes], bytes]] = {"answer": authority.answer}
    with answering(does) as url:
        yield url, does


async def _checkpoint(state: Path, place: Path, stamps: Callable[[bytes], bytes]) -> tuple[Path, str | None]:
    """The checkpoint that a unit leaves when it stops, and what it says is wrong."""
    store = await CaseStore.open(state, SIGNER, UNIT, witness_dirs=[place], stamps=stamps)
    await store.file_case(trigger(), [photo()], [], limit_kmh=50.0, site="SP 235")
    await store.close()
    found = newest_checkpoint(place)
    assert found is not None
    return found, store.problem()


async def test_a_checkpoint_gets_a_time_stamp_that_openssl_verifies(
    tmp_path: Path, authority: Authority, served: tuple[str, object]
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    stamps = TimeStamps(served[0], authority.root)
    checkpoint, problem = await _checkpoint(tmp_path / "state", place, stamps.stamp)
    stamp = checkpoint.with_name(checkpoint.name + ".tsr")
    assert authority.verifies(checkpoint, stamp)
    other = tmp_path / "other.json"
    other.write_bytes(checkpoint.read_bytes() + b" ")
    assert not authority.verifies(other, stamp)
    assert newest_checkpoint(place) == checkpoint, "a time stamp is no checkpoint"
    assert problem is None


async def test_an_authority_that_does_not_answer_stops_nothing_and_is_told(
    tmp_path: Path, authority: Authority
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    with pytest.raises(CaseError, match="does not answer"):
        TimeStamps("http://127.0.0.1:9/", authority.root).stamp(b"x")
    checkpoint, problem = await _checkpoint(
        tmp_path / "state", place, TimeStamps("http://127.0.0.1:9/", authority.root).stamp
    )
    assert sorted(path.name for path in place.iterdir()) == [checkpoint.name]
    assert problem is not None and "timestamp_url" in problem


def test_what_is_no_answer_to_the_question_is_refused(
    tmp_path: Path, authority: Authority, served: tuple[str, dict[str, Callable[[bytes], bytes]]]
) -> None:
    address, does = served
    stamps = TimeStamps(address, authority.root)
    answers: list[bytes] = []
    does["answer"] = lambda query: answers.append(authority.answer(query)) or answers[-1]  # type: ignore[func-returns-value]
    assert stamps.stamp(b"checkpoint") == answers[0]
    attempts: dict[str, Callable[[bytes], bytes]] = {
        "replayed": lambda _query: answers[0],
        "of another authority": Authority(tmp_path / "stranger").answer,
        "nothing": lambda _query: b"",
        "rubbish": lambda _query: b"\x30\x03\x02\x01\x00",
        "cut": lambda query: authority.answer(query)[:-20],
    }
    for name, attempt in attempts.items():
        does["answer"] = attempt
        with pytest.raises(CaseError, match="gives no time stamp"):
            stamps.stamp(b"checkpoint")
            pytest.fail(name)


def test_what_cannot_be_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("no certificate")
    for path in (tmp_path / "no.pem", tmp_path / "none.pem"):
        with pytest.raises(SecretError, match="holds no certificate"):
            TimeStamps("http://127.0.0.1:9/", path)
    with pytest.raises(ValueError, match="belong together"):
        Settings.model_validate({"evidence": {"timestamp_url": "https://tsa.example"}})
    with pytest.raises(ValueError, match="pattern"):
        Settings.model_validate({"evidence": {"timestamp_url": "file:///etc/shadow", "timestamp_authority": "x"}})
