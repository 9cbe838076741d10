"""A case says what measured and where, in every place that shows it; a site of one line stays as it was."""

from __future__ import annotations

from pathlib import Path

from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.evidence.verify import verify_package
from edge.cases.export import export_cases
from edge.cases.store import CaseStore
from edge.model import Basis
from tests.support.cases import SIGNER, UNIT, photo, trigger, unidentified

SITE = {"road": "SS 13", "ordinance": "ordinanza 12/2024", "text": "SS 13, Tavagnacco", "version": "0" * 64}
INSTRUMENT = {
    "approval": "D.D. 97/2024",
    "radar": {"make": "Acme", "model": "R7", "serial": "4711"},
    "calibration": {
        "certificate": "26-118",
        "laboratory": "LAT 105",
        "calibrated_on": "2026-03-02",
        "valid_until": "2027-03-01",
    },
}


async def test_table_and_instrument_are_in_manifest_list_audit_and_package(tmp_path: Path) -> None:
    store = await CaseStore.open(tmp_path / "state", SIGNER, UNIT, instrument=INSTRUMENT)
    for site in (SITE, "SP 235"):
        number = await store.file_case(
            trigger(), [photo()], [], limit_kmh=50.0, site=site, basis=Basis.NO_CERTIFICATE, assessment=None
        )
        await store.enter_verdict(number, unidentified())
    await store.close()
    with Archive(tmp_path / "state") as archive:
        assert [row.site for row in archive.summaries()] == ["SP 235", "SS 13, Tavagnacco"]
        assert archive.case(1).site == "SS 13, Tavagnacco"
        assert archive.manifest(1)["instrument"] == INSTRUMENT
        assert (archive.manifest(1)["site"], archive.manifest(2)["site"]) == (SITE, "SP 235")
    assert audit(tmp_path / "state").startswith("Everything holds: 2 cases")
    export_cases(tmp_path / "state", [1, 2], tmp_path / "package.zip", officer="Conti", signer=SIGNER)
    facts = "\n".join(verify_package(tmp_path / "package.zip").facts)
    assert "place     SS 13, Tavagnacco; ordinanza 12/2024\n" in facts and "place     SP 235\n" in facts
    assert "measured  Acme R7 4711; approval D.D. 97/2024; certificate 26-118 of LAT 105, 2026-03-02, valid" in facts
    assert "no infringement (no_certificate)" in facts
