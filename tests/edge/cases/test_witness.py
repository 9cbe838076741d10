"""The witness: whoever rewrites history, with every key, meets what a place outside remembers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from edge.cases.audit import audit
from edge.cases.backup import backup, restore
from edge.cases.evidence.signing import Signer
from edge.cases.evidence.verify import KeyFileError, Mismatch, read_checkpoint, verify_package
from edge.cases.export import export_cases
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.witness import INTERVAL_S, newest_checkpoint
from edge.cases.store import CaseStore
from edge.cli import main
from edge.errors import EvidenceError
from tests.support.cases import SIGNER, UNIT, filled, names


async def run(state: Path, place: Path, count: int = 0) -> None:
    """One life of a unit that files *count* cases."""
    store = await CaseStore.open(state, SIGNER, UNIT, witness_dirs=[place])
    await store.housekeep()
    await store.close()
    if count:
        await filled(state, count)


def aged(place: Path) -> None:
    """Make the one backup in *place* months old: two cannot be made in one second."""
    (backup_dir,) = place.iterdir()
    backup_dir.rename(backup_dir.with_name("cases-2026-01-01T000000Z"))


async def test_attack_6_history_that_was_written_anew_is_not_backed_up(tmp_path: Path) -> None:
    """Root with the signing key: every signature is right, and yesterday's backup says otherwise."""
    (tmp_path / "backups").mkdir()
    await filled(tmp_path / "state", 3)
    backup(tmp_path / "state", tmp_path / "backups")
    aged(tmp_path / "backups")
    shutil.rmtree(tmp_path / "state")
    await filled(tmp_path / "state", 3)
    assert "all signed" in audit(tmp_path / "state", trusted=SIGNER.public_key)
    before = names(tmp_path / "backups")
    with pytest.raises(EvidenceError, match="entry 7 of it is another one"):
        backup(tmp_path / "state", tmp_path / "backups")
    assert names(tmp_path / "backups") == before
    shutil.rmtree(tmp_path / "state")
    await filled(tmp_path / "state", 2)
    with pytest.raises(EvidenceError, match="entry 7 of it is missing"):
        backup(tmp_path / "state", tmp_path / "backups")


async def test_backups_of_one_chain_follow_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "backups").mkdir()
    await filled(tmp_path / "state", 1)
    backup(tmp_path / "state", tmp_path / "backups")
    aged(tmp_path / "backups")
    await run(tmp_path / "state", tmp_path / "backups")
    await filled(tmp_path / "state", 1)
    assert "Everything holds" in backup(tmp_path / "state", tmp_path / "backups")


async def test_a_checkpoint_alone_is_enough(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    await filled(tmp_path / "state", 2)
    await run(tmp_path / "state", place)
    checkpoint = newest_checkpoint(place)
    assert checkpoint is not None
    assert checkpoint.name == "checkpoint-AVX-TEST-0000000005.json"
    assert json.loads(checkpoint.read_bytes())["unit"] == "AVX-TEST"
    assert audit(tmp_path / "state", checkpoint=read_checkpoint(checkpoint))
    where = ["--state-dir", str(tmp_path / "state"), "--checkpoint", str(checkpoint)]
    assert main(["cases", "verify", *where]) == 0
    shutil.rmtree(tmp_path / "state")
    await filled(tmp_path / "state", 2)
    assert main(["cases", "verify", *where]) == EvidenceError.exit_code
    with pytest.raises(EvidenceError, match="the chain was rewritten"):
        backup(tmp_path / "state", place)


async def test_a_package_is_held_against_a_checkpoint(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    await filled(tmp_path / "state", 2)
    await run(tmp_path / "state", place)
    path = newest_checkpoint(place)
    assert path is not None
    checkpoint = read_checkpoint(path)
    exporting = {"officer": "Conti", "signer": SIGNER, "checkpoint": checkpoint}
    export_cases(tmp_path / "state", [1], tmp_path / "case.zip", **exporting)  # type: ignore[arg-type]
    says = verify_package(tmp_path / "case.zip", SIGNER.public_key, checkpoint).sentence
    assert "The chain holds entry 5 of the checkpoint" in says
    for change, words in (
        ({"hash": "0" * 64}, "signature is wrong"),
        ({"seq": 3}, "signature is wrong"),
        ({"key_id": Signer(bytes(32)).key_id}, "none of this chain"),
    ):
        path.write_text(json.dumps({**json.loads(path.read_bytes()), **change}, sort_keys=True, separators=(",", ":")))
        with pytest.raises(Mismatch, match=words):
            verify_package(tmp_path / "case.zip", None, read_checkpoint(path))
    path.write_text("{}")
    with pytest.raises(KeyFileError):
        read_checkpoint(path)


async def test_a_younger_checkpoint_than_the_package(tmp_path: Path) -> None:
    """A package that was cut off, with a new export of its own, looks like one from before: it does not hold."""
    place = tmp_path / "place"
    place.mkdir()
    await filled(tmp_path / "state", 1)
    export_cases(tmp_path / "state", [1], tmp_path / "case.zip", officer="Conti", signer=SIGNER)
    await filled(tmp_path / "state", 1)
    await run(tmp_path / "state", place)
    path = newest_checkpoint(place)
    assert path is not None
    with pytest.raises(Mismatch, match="its end was cut off, or the package is older"):
        verify_package(tmp_path / "case.zip", None, read_checkpoint(path))


async def test_every_hour_and_at_every_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "place"
    place.mkdir()
    now = 1000.0
    monkeypatch.setattr("edge.cases.storage.witness.time.monotonic", lambda: now)
    store = await CaseStore.open(tmp_path / "state", SIGNER, UNIT, witness_dirs=[place])
    await store.housekeep()
    assert len(names(place)) == 1
    await filled_in(store)
    await store.housekeep()
    assert len(names(place)) == 1
    now += INTERVAL_S
    await store.housekeep()
    assert len(names(place)) == 2
    await filled_in(store)
    await store.close()
    assert len(names(place)) == 3
    assert all(path.stat().st_mode & 0o777 == 0o640 for path in place.iterdir())


async def filled_in(store: CaseStore) -> None:
    from tests.support.cases import photo, trigger

    await store.file_case(trigger(), [photo()], [], limit_kmh=50.0, site="SP 235")


async def test_a_place_that_cannot_be_written_is_a_problem_and_no_error(tmp_path: Path) -> None:
    store = await CaseStore.open(tmp_path / "state", SIGNER, UNIT, witness_dirs=[tmp_path / "none"])
    await store.housekeep()
    assert "no checkpoint can be written to" in (store.problem() or "")
    await store.close()


async def test_after_a_restore_the_chain_goes_on(tmp_path: Path) -> None:
    await filled(tmp_path / "state", 1)
    backup(tmp_path / "state", tmp_path / "backup")
    restore(tmp_path / "backup", tmp_path / "new", signer=SIGNER)
    restore(tmp_path / "backup", tmp_path / "other")
    for state in (tmp_path / "new", tmp_path / "other"):
        store = await CaseStore.open(state, SIGNER, UNIT)
        assert store.problem() is None
        await store.close()
        assert "4 entries, all signed" in audit(state, trusted=SIGNER.public_key)
        assert StateFolder(state).head.exists()


async def test_verify_holds_a_store_against_what_the_unit_remembers(tmp_path: Path) -> None:
    """Every signature is right; the unit wrote another chain all the same."""
    await filled(tmp_path / "state", 2)
    remembered = StateFolder(tmp_path / "state").head.read_bytes()
    assert audit(tmp_path / "state")
    shutil.rmtree(tmp_path / "state")
    await filled(tmp_path / "state", 2)
    StateFolder(tmp_path / "state").head.write_bytes(remembered)
    with pytest.raises(EvidenceError, match="does not hold entry 5 as the unit wrote it"):
        audit(tmp_path / "state")
