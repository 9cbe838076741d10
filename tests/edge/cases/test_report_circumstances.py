"""The report says under which circumstances was measured, and names as not known what the case does not say."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from edge.cases.export import report_of
from edge.cases.report.instrument import instrument_facts
from edge.cases.store import CaseStore
from edge.model import Basis
from tests.support import papers
from tests.support.cases import SIGNER, UNIT, identified, packet, photo, trigger
from tests.support.pdf import needs_poppler, text_of

pytestmark = needs_poppler

SITE = {
    "road": "SS 13",
    "km": 118.4,
    "latitude": 46.1237,
    "longitude": 13.2189,
    "road_class": "C",
    "ordinance": "ordinanza n. 12 del 3.2.2024",
    "decree": "decreto n. 4411",
    "sign_distance_m": 250.0,
    "text": "SS 13 km 118+400, Tavagnacco, verso Udine",
    "version": "0" * 64,
}
INSTRUMENT = {
    **papers.INSTRUMENT,
    "approval": "D.D. 12.3.2024 n. 97",
    "unit": {"serial": "AVX-TEST"},
    "something_new": "of a later version",
}


def report(
    folder: Path, site: str | Mapping[str, Any], instrument: Mapping[str, Any] | None, *checks: bool | None
) -> str:
    """The text of the report of a case among self-checks: True and False are one's outcome, None is the case."""

    async def make() -> int:
        store = await CaseStore.open(folder, SIGNER, UNIT, instrument=instrument)
        number = 0
        for check in checks or (None,):
            if check is not None:
                await store.note("selfcheck", {"good": check})
                continue
            own = packet()
            number = await store.file_case(trigger(), [photo()], [own], limit_kmh=50.0, site=site, basis=Basis.MEASURED)
            await store.enter_verdict(number, identified(own))
        await store.close()
        return number

    return text_of(report_of(folder, asyncio.run(make())))


def test_instrument_site_and_limit_are_said(tmp_path: Path) -> None:
    text = report(tmp_path, SITE, INSTRUMENT)
    for wanted in (
        "SS 13 km 118+400, Tavagnacco, verso Udine; 46.12370, 13.21890 (WGS 84); class of road C",
        "50 km/h (ordinanza n. 12 del 3.2.2024; decreto n. 4411; sign 250 m before the camera)",
        "radar Acme R7 1.4, no. 4711; unit no. AVX-TEST; approval D.D. 12.3.2024 n. 97; census number UD-0042",
        "something new of a later version",
        "certificate 2026-118, LAT 105, 2 March 2026, valid until 1 March 2027: valid on the day",
        "functional check 1 September 2026, Polizia locale, 12/2026",
    ):
        assert wanted in text


def test_a_certificate_of_another_time_is_said_not_to_count(tmp_path: Path) -> None:
    calibration = {**INSTRUMENT["calibration"], "valid_until": "2026-09-01"}  # type: ignore[dict-item]
    assert "NOT valid on the day" in report(tmp_path, SITE, {**INSTRUMENT, "calibration": calibration})


def test_what_is_not_recorded_is_named_as_not_known(tmp_path: Path) -> None:
    text = report(tmp_path, "Via Roma", None)
    assert "make, approval and calibration are not recorded in this case: not known" in text
    assert "none is recorded in this case: not known" in text
    assert "as set in the unit's configuration" not in text  # this unit says nothing of where its limit comes from


@pytest.mark.parametrize(
    ("checks", "first", "last"),
    [
        ((True, None, True), "good before the case", "good after it"),
        ((True, None), "good before the case", "not yet after it"),
        ((False, None, False), "FAILED before the case", "FAILED after it"),
        ((None, True), "none before the case", "good after it"),
    ],
    ids=["enclosed", "not-yet", "failed", "none-before"],
)
def test_the_self_checks_around_the_case_are_said(
    tmp_path: Path, checks: tuple[bool | None, ...], first: str, last: str
) -> None:
    text = report(tmp_path, "Via Roma", None, *checks)
    assert first in text and last in text


def test_a_text_in_place_of_a_table_is_said_as_it_is() -> None:
    assert instrument_facts({"instrument": "an <old> line"}, 0.0) == [("Instrument", "an &lt;old&gt; line")]
