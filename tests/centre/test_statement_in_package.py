"""A package of a case that the centre decided: the checker holds it against what the opening service signed."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio

from edge.cases.evidence import verify
from edge.cases.evidence.verify import KeyFileError, Mismatch, NotProved, read_opener, verify_package
from edge.cases.export import export_cases
from edge.cases.store import CaseStore
from edge.delivery.openings import STATEMENT_DOMAIN
from edge.model import Decision, Flag, Outcome, Reason
from tests.support.cases import SIGNER, UNIT, driver, read
from tests.support.centre import Centre
from tests.support.openings import PEOPLE, RoadsideUnit, answer, enrol, roadside

ELSE = "says something else than case 1"


@dataclass
class Decided:
    """Two cases of a unit, filed, and the centre's decision on each, which is not entered yet."""

    unit: RoadsideUnit
    decisions: tuple[Decision, Decision]

    @property
    def opener(self) -> bytes:
        return self.unit.service.signing_key

    async def exported(self, decision: Decision) -> Path:
        """The package of case 1, entered as *decision* and signed by the unit, whoever made that up."""
        state_dir = Path(tempfile.mkdtemp(dir=self.unit.state_dir.parent)) / "copy"
        shutil.copytree(self.unit.state_dir, state_dir)
        store = await CaseStore.open(state_dir, SIGNER, UNIT)
        verdict = replace(decision.verdict, read=read("CD456EF"))  # its place is in the photo, which is a small one
        await store.enter_verdict(1, replace(decision, verdict=verdict))
        await store.close()
        package = state_dir.parent / "case.zip"
        await asyncio.to_thread(export_cases, state_dir, [1], package, officer="Isp. M. Conti", signer=SIGNER)
        return package


@pytest_asyncio.fixture
async def decided(centre: Centre, place: Path) -> AsyncIterator[Decided]:
    people = enrol(place)
    async with roadside(centre, place) as unit:
        first, second = [
            await unit.file(*(answer(people[who], plate, time.time()) for who, plate in PEOPLE.items()))
            for _ in range(2)
        ]
        await unit.deliver()
        one, other, *_ = PEOPLE.values()
        yield Decided(unit, (await unit.ask(*first, one), await unit.ask(*second, other)))


async def test_what_the_opening_service_signed_is_what_the_case_says(decided: Decided) -> None:
    package = await decided.exported(decided.decisions[0])
    facts = "\n".join(verify_package(package, SIGNER.public_key, opener=decided.opener).facts)
    assert "decided at the centre: the opening service that you trust signed it" in facts
    plain = "\n".join(verify_package(package, SIGNER.public_key).facts)
    assert "decided at the centre; its statement is not checked, as --opener does" in plain


async def test_whoever_has_the_package_and_the_published_key_can_check_it(decided: Decided, tmp_path: Path) -> None:
    """The file that the unit fetched, with the checker as it is in the package."""
    package = await decided.exported(decided.decisions[0])
    published = tmp_path / "published.json"
    published.write_text(json.dumps(decided.unit.service.record()))
    assert read_opener(published) == decided.opener
    another = tmp_path / "another.hex"
    another.write_text(SIGNER.public_key.hex())
    for key, code, says in ((published, 0, "di cui Lei si fida"), (another, 1, "NON")):
        words = [sys.executable, "-I", verify.__file__, str(package), "--opener", str(key), "--lang", "it"]
        done = await asyncio.to_thread(subprocess.run, words, capture_output=True, text=True, check=False)
        assert done.returncode == code and says in done.stdout + done.stderr, done
    published.write_text(json.dumps({**decided.unit.service.record(), "format": "autovelox-opener/9"}))
    with pytest.raises(KeyFileError):
        read_opener(published)


def altered(decision: Decision) -> Decision:
    assert decision.opening is not None
    text = decision.opening["statement"].replace("Person CD456EF", "Person FG789HJ")
    assert text != decision.opening["statement"]
    return replace(decision, opening={**decision.opening, "statement": text})


def resigned(decision: Decision) -> Decision:
    """The unit signs in place of the opening service, and says that its own key is the service's."""
    made = altered(decision).opening
    assert made is not None
    signature = SIGNER.sign(STATEMENT_DOMAIN + made["statement"].encode()).hex()
    return replace(decision, opening={**made, "signature": signature, "key": SIGNER.public_key.hex()})


def nobody(decision: Decision) -> Decision:
    verdict = replace(decision.verdict, outcome=Outcome.UNIDENTIFIED, reason=Reason.NO_CLAIM, claim=None)
    return replace(decision, verdict=verdict, driver=None)


FORGED: dict[str, tuple[Callable[[Decision, Decision], Decision], type[Exception], str]] = {
    "statement altered": (lambda own, _: altered(own), Mismatch, "did not sign the statement of case 1"),
    "signed by the unit": (lambda own, _: resigned(own), Mismatch, "did not sign the statement of case 1"),
    "statement missing": (lambda own, _: replace(own, opening=None), NotProved, "holds no statement"),
    "statement of another case": (lambda own, other: replace(own, opening=other.opening), Mismatch, ELSE),
    "decision of another case": (lambda _, other: other, Mismatch, ELSE),
    "another driver": (lambda own, _: replace(own, driver=driver()), Mismatch, ELSE),
    "nobody named": (lambda own, _: nobody(own), Mismatch, ELSE),
    "flag added": (lambda own, _: replace(own, flags=(*own.flags, Flag.COPIED_CHIP)), Mismatch, ELSE),
}


async def test_what_the_unit_made_up_does_not_hold(decided: Decided) -> None:
    """The unit's key signs its chain, and it could enter what it likes: the opening service signed something else."""
    found = dict[str, tuple[type[Exception] | None, str]]()
    for forged, (change, error, says) in FORGED.items():
        package = await decided.exported(change(*decided.decisions))
        verify_package(package, SIGNER.public_key)  # the chain itself is whole
        found[forged] = (None, "it holds")
        try:
            verify_package(package, SIGNER.public_key, opener=decided.opener)
        except (Mismatch, NotProved) as fault:
            found[forged] = (type(fault), says if says in str(fault) else str(fault))
        assert found[forged] == (error, says), forged
    assert found.keys() == FORGED.keys()


async def test_a_case_that_names_nobody_needs_no_statement(decided: Decided) -> None:
    """The centre was not reached, or there was no packet: the unit says so itself, and wrongs nobody."""
    package = await decided.exported(replace(nobody(decided.decisions[0]), opening=None))
    facts = "\n".join(verify_package(package, SIGNER.public_key, opener=decided.opener).facts)
    assert "nobody is named" in facts and "opened" not in facts
