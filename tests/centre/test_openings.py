"""The opening service: one driver at most, for a case that is filed here, by a unit that proves that it asks."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from edge.cases.evidence import Signer
from edge.delivery.client import Answered, Unanswered
from edge.delivery.openings import REQUEST_DOMAIN, SIGNATURE, enclosed, request_body
from edge.errors import DeliveryError
from edge.model import Outcome, Packet, Reason, Rejection
from edge.registry import Enrolment
from edge.workers import WorkerPool, WorkerSetup
from tests.support.cases import SIGNER
from tests.support.centre import Centre
from tests.support.openings import PEOPLE, UNIT_SERIAL, RoadsideUnit, answer, enrol, roadside, seen

SPEEDER, OTHER, THIRD = PEOPLE


@pytest.fixture
def people(place: Path) -> dict[str, Enrolment]:
    return enrol(place)


@pytest_asyncio.fixture
async def unit(centre: Centre, place: Path, people: dict[str, Enrolment]) -> AsyncIterator[RoadsideUnit]:
    async with roadside(centre, place) as made:
        yield made


@pytest.fixture
def pools(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many processes each pool of the opening service has."""
    made: list[int] = []

    class Counted(WorkerPool):
        def __init__(self, setup: WorkerSetup, *, workers: int, job_timeout_s: float, one_job_each: bool) -> None:
            super().__init__(setup, workers=workers, job_timeout_s=job_timeout_s, one_job_each=one_job_each)
            made.append(workers)

    monkeypatch.setattr("centre.opening.main.WorkerPool", Counted)
    return made


async def test_both_processes_of_an_opening_are_there_before_it(
    centre: Centre, pools: list[int], unit: RoadsideUnit
) -> None:
    """The second one took a quarter of a second to start, of each case."""
    assert centre.settings.opening.workers == 1 and pools == [2]


def window(people: dict[str, Enrolment]) -> list[Packet]:
    """Everybody's answers, with their own plates."""
    return [answer(people[licence], plate, time.time()) for licence, plate in PEOPLE.items()]


async def test_one_driver_is_named_and_signed(unit: RoadsideUnit, people: dict[str, Enrolment]) -> None:
    packets = window(people)
    case, sealed = await unit.file(*packets)
    await unit.deliver()
    decision = await unit.ask(case, sealed)
    assert (decision.verdict.outcome, decision.verdict.plate) == (Outcome.IDENTIFIED, "CD456EF")
    assert decision.driver is not None and decision.driver.licence == SPEEDER
    assert decision.driver.last_name == "Person CD456EF" and decision.driver.portrait
    assert decision.packet == packets[0] and decision.verdict.read is not None
    assert decision.opening is not None and decision.rejected == {}
    said = json.dumps(decision.opening["statement"])
    assert not any(word in said for word in (OTHER, THIRD, "FG789HJ", "BB123CC", people[SPEEDER].uid))


async def test_nobody_is_named_where_nobody_fits(unit: RoadsideUnit, people: dict[str, Enrolment]) -> None:
    case, sealed = await unit.file(*window(people))
    await unit.deliver()
    decision = await unit.ask(case, sealed, "ZZ999ZZ")
    assert (decision.verdict.outcome, decision.verdict.reason) == (Outcome.UNIDENTIFIED, Reason.NO_CLAIM)
    assert decision.driver is None and decision.packet is None
    assert decision.opening is not None and not any(word in decision.opening["statement"] for word in PEOPLE)


async def test_what_does_not_count_is_counted_by_reason(
    unit: RoadsideUnit, people: dict[str, Enrolment], key_pair: Any
) -> None:
    now = time.time()
    strange = replace(people[SPEEDER], uid="nobody-has-this-uid")
    packets = [
        answer(people[SPEEDER], "CD456EF", now),
        answer(people[OTHER], "FG789HJ", now, licence=SPEEDER),
        answer(strange, "CD456EF", now),
        replace(answer(people[THIRD], "BB123CC", now), payload=bytes(512)),
        replace(answer(people[THIRD], "BB123CC", now), challenged_at=int(now) - 3),
    ]
    case, sealed = await unit.file(*packets)
    sealed.append(replace(sealed[0], nonce="0" * 32))  # what was enclosed for another challenge
    await unit.deliver()
    decision = await unit.ask(case, sealed)
    assert decision.driver is not None and decision.driver.licence == SPEEDER
    assert decision.rejected == {
        Rejection.FOREIGN_LICENCE: 1,
        Rejection.UNKNOWN_UID: 1,
        Rejection.DECRYPTION: 1,
        Rejection.TIMESTAMP: 1,
        Rejection.SEALED_UID: 1,
    }


async def test_a_chip_that_claims_two_plates_has_none(unit: RoadsideUnit, people: dict[str, Enrolment]) -> None:
    now = time.time()
    case, sealed = await unit.file(answer(people[OTHER], "CD456EF", now), answer(people[OTHER], "FG789HJ", now))
    await unit.deliver()
    decision = await unit.ask(case, sealed)
    assert decision.driver is None and decision.rejected == {Rejection.SEVERAL_PLATES: 2}
    assert decision.flags == ("several_plates",)


async def refused(unit: RoadsideUnit, *asked: Any, **words: Any) -> str:
    with pytest.raises(Answered) as error:
        await unit.ask(*asked, **words)
    return error.value.word


async def test_a_case_that_is_not_here_opens_nothing(
    unit: RoadsideUnit, people: dict[str, Enrolment], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.delivery.remote.FILED_TRIES", 2)
    case, sealed = await unit.file(*window(people))
    assert await refused(unit, case, sealed) == "not_filed"
    await unit.deliver()
    assert (await unit.ask(case, sealed)).driver is not None


async def test_packets_of_another_time_are_not_opened(unit: RoadsideUnit, people: dict[str, Enrolment]) -> None:
    """The way to learn who drove by an hour ago: a case of now with packets of then."""
    old = [answer(people[SPEEDER], "CD456EF", time.time() - 3600.0)]
    case, sealed = await unit.file(*old)
    await unit.deliver()
    assert await refused(unit, case, sealed) == "window"
    fresh = replace(sealed[0], challenged_at=int(time.time()), received_utc=time.time())
    decision = await unit.ask(case, [fresh])
    assert decision.driver is None and decision.rejected == {Rejection.SEALED_UID: 1}, "its outside is bound to it"


async def test_a_case_names_one_driver_however_it_is_asked(unit: RoadsideUnit, people: dict[str, Enrolment]) -> None:
    """A unit that lies about what its photo shows, to learn of everybody who drove by."""
    case, sealed = await unit.file(*window(people))
    await unit.deliver()
    assert (await unit.ask(case, sealed)).driver is not None
    assert await refused(unit, case, sealed, plate="FG789HJ") == "named"
    assert await refused(unit, case, sealed, plate="BB123CC") == "named"
    again = await unit.ask(case, sealed)  # an answer that was lost
    assert again.driver is not None and again.driver.licence == SPEEDER


async def test_a_case_is_not_tried_without_end(unit: RoadsideUnit, people: dict[str, Enrolment]) -> None:
    case, sealed = await unit.file(*window(people))
    await unit.deliver()
    words = []
    for number in range(9):
        try:
            await unit.ask(case, sealed, plate=f"ZZ{number:03d}ZZ")
            words.append("")
        except Answered as error:
            words.append(error.word)
    assert words == [""] * 8 + ["quota"]


async def test_a_unit_has_its_share_of_a_day(unit: RoadsideUnit, people: dict[str, Enrolment]) -> None:
    cases = [await unit.file(answer(people[SPEEDER], "CD456EF", time.time())) for _ in range(6)]
    await unit.deliver()
    for case, sealed in cases[:5]:
        assert (await unit.ask(case, sealed)).driver is not None
    with pytest.raises(Unanswered, match="three times its usual day") as error:
        await unit.ask(*cases[5])
    assert error.value.retry_s == 3600.0


async def test_a_stolen_token_opens_nothing(unit: RoadsideUnit, people: dict[str, Enrolment]) -> None:
    case, sealed = await unit.file(*window(people))
    await unit.deliver()
    body = request_body(
        unit=UNIT_SERIAL,
        case=case.number,
        filed=(1, "0" * 64),
        packets=sealed,
        photos=[(1, (320, 180), (seen("CD456EF"),))],
        reader="0" * 64,
        lens=None,
    )
    for signature in (Signer(bytes(32)).sign(REQUEST_DOMAIN + body), SIGNER.sign(body), bytes(64)):
        with pytest.raises(Answered) as error:
            await unit.client.ask_at(
                unit.service.url, "/v1/openings", body, {SIGNATURE: signature.hex()}, most_bytes=1 << 20
            )
        assert error.value.word == "not_signed"


async def test_a_suspended_unit_is_not_answered(
    unit: RoadsideUnit, centre: Centre, people: dict[str, Enrolment]
) -> None:
    from centre.units import UnitState, change_state

    case, sealed = await unit.file(*window(people))
    await unit.deliver()
    async with centre.pool.acquire() as connection:
        await change_state(connection, UNIT_SERIAL, UnitState.SUSPENDED)
    assert await refused(unit, case, sealed) == "login"


async def test_another_units_case_is_not_opened(
    unit: RoadsideUnit, centre: Centre, place: Path, people: dict[str, Enrolment], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor are packets that were enclosed for another unit."""
    monkeypatch.setattr("edge.delivery.remote.FILED_TRIES", 2)
    case, sealed = await unit.file(*window(people))
    await unit.deliver()
    signer = Signer(bytes(range(1, 33)))
    async with await centre.let_in("AVX-OTHER", signer, place) as client:
        other = unit.opener_of(client, "AVX-OTHER", signer)
        with pytest.raises(Answered) as error:
            await other.ask(case, [(seen("CD456EF"),)], sealed, None)
    assert error.value.word == "not_filed"


async def test_an_answer_that_another_key_signed_is_refused(unit: RoadsideUnit, people: dict[str, Enrolment]) -> None:
    case, sealed = await unit.file(*window(people))
    await unit.deliver()
    unit.service = replace(unit.service, signing_key=SIGNER.public_key)
    with pytest.raises(DeliveryError, match="not signed by it"):
        await unit.ask(case, sealed)


async def test_the_unit_cannot_read_back_what_it_enclosed(unit: RoadsideUnit, people: dict[str, Enrolment]) -> None:
    packets = window(people)
    await unit.file(*packets)
    files = b"".join(path.read_bytes() for path in unit.state_dir.rglob("*") if path.is_file())
    for packet in packets:
        assert packet.uid.encode() not in files and packet.payload not in files
    again = [enclosed(packets[0], UNIT_SERIAL, unit.service.sealing_key).payload for _ in range(2)]
    assert again[0] != again[1]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"unit": "AVX-TEST"}', "[" * 100_000, "null"], ids=range(6))
async def test_rubbish_is_malformed(unit: RoadsideUnit, text: str) -> None:
    await unit.client.log_in(b"")
    body = text.encode()
    signature = SIGNER.sign(REQUEST_DOMAIN + body).hex()
    with pytest.raises(Answered) as error:
        await unit.client.ask_at(unit.service.url, "/v1/openings", body, {SIGNATURE: signature}, most_bytes=1 << 20)
    assert error.value.word == "malformed"
