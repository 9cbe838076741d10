"""Files of the last commit before the rooms were moved: today's code opens them, checks them and goes on with them.

``last_commit/make.py`` made them with the code of that commit, and wrote down what that code reads from them.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.backup import backup, restore
from edge.cases.evidence.signing import load_signer
from edge.cases.evidence.verify import check_package
from edge.cases.export import export_cases, report_of
from edge.cases.retention import purge
from edge.cases.review import record
from edge.cases.store import CaseStore
from edge.cli import main
from edge.crypto.chip import load_chip
from edge.crypto.packet import open_packet, seal
from edge.crypto.rsa_key import load_private_key, load_public_key
from edge.crypto.sealing import unseal_secret
from edge.errors import NoSuchCase
from edge.model import Packet
from edge.registry import Registry, list_drivers, load_master_key, migrate_registry, reopen_packet
from tests.support.archives import unpack
from tests.support.cases import UNIT, identified, photo, trigger, unidentified

ARCHIVE = Path(__file__).with_name("last_commit") / "f42d16c.tar.xz"
FILING = {"limit_kmh": 50.0, "site": "SP 235"}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The folder that the archive holds."""
    unpack(ARCHIVE, tmp_path)
    return tmp_path


def expected(files: Path) -> dict[str, Any]:
    """What the code of that commit read."""
    return dict(json.loads((files / "expected.json").read_text()))


def plain(value: object) -> Any:
    """What becomes of *value* in JSON."""
    return json.loads(json.dumps(value))


NEW_IN_AN_EVENT = ("action", "request", "until_utc", "judgement")
NEW_IN_A_ROW = (
    *("basis", "is_to_be_confirmed", "remaining_kmh", "is_held", "is_to_be_checked", "follow_up", "waiting"),
    *("speed_unit", "name_set_aside"),
)


def rows(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of a list as that commit had them: what is new says nothing of its cases but the keeper."""
    assert all(row["basis"] is None for row in found)
    assert all(row["speed_unit"] == "km/h" and not row["name_set_aside"] for row in found)
    return [{name: value for name, value in row.items() if name not in NEW_IN_A_ROW} for row in found]


def events(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Events as that commit had them: it knew no requests."""
    assert all(not event[name] for event in found for name in NEW_IN_AN_EVENT)
    return [{name: value for name, value in event.items() if name not in NEW_IN_AN_EVENT} for event in found]


def test_what_was_read_then_is_read_now(files: Path) -> None:
    then = expected(files)
    with Archive(files / "state") as archive:
        assert rows(plain([asdict(row) for row in archive.summaries()])) == then["summaries"]
        for number, case in then["cases"].items():
            if isinstance(case, str):
                with pytest.raises(NoSuchCase, match="purged"):
                    archive.manifest(int(number))
            else:
                assert plain(archive.manifest(int(number))) == case["manifest"]
                assert events(plain([asdict(event) for event in archive.events(int(number))])) == case["events"]


def test_store_and_backup_verify_with_the_same_words(files: Path) -> None:
    key = load_signer(files / "signing.key").public_key
    assert audit(files / "state", trusted=load_signer(files / "signing.key.old").public_key)
    assert audit(files / "state") == expected(files)["audit"]
    assert audit(files / "backup", trusted=key) == expected(files)["backup"]


async def test_the_store_goes_on_where_the_power_cut_left_it(files: Path) -> None:
    state, signer = files / "state", load_signer(files / "signing.key")
    store = await CaseStore.open(state, signer, UNIT)
    pending = await store.pending()
    assert [(case.number, len(case.photos), len(case.packets)) for case in pending] == [(5, 2, 2), (6, 0, 0), (8, 1, 1)]
    assert not (state / "frames" / "00000007" / "pending.json").exists(), "the journal of a decided case stays"
    assert not list(state.glob("*copy*")), "the copy of the WAL stays"
    assert [case.basis for case in pending] == [None, None, None], "that program recorded none"
    for case in pending:
        own = case.packets[0] if case.packets else None
        await store.enter_verdict(case.number, identified(own) if own else unidentified())
    number = await store.file_case(trigger(), [photo()], [], **FILING)
    await store.enter_verdict(number, unidentified())
    await store.close()
    assert number == 9
    assert audit(state, trusted=signer.public_key).startswith("Everything holds: 9 cases, 1 of them purged")
    record(state, 9, kind="confirm", officer="Conti", reason="agrees", signer=signer)
    record(state, 1, kind="withdraw", officer="Conti", reason="that program confirmed it", signer=signer)
    record(state, 5, kind="set_name_aside", officer="Conti", reason="the chip was copied", signer=signer)
    with Archive(state) as archive:
        assert archive.case(1).review is None
        assert archive.case(5).name_set_aside and archive.case(5).review == "set_name_aside"
    assert "9 cases" in audit(state, trusted=signer.public_key)
    purge(state, [2], reason="court order", signer=signer)
    says = export_cases(state, [1, 5, 9], files / "new.zip", officer="Conti", signer=signer)
    assert says.startswith("Everything holds: case 1, 5, 9")
    backup(state, files / "new backup")
    assert "2 of them purged" in audit(files / "new backup", trusted=signer.public_key)


def test_the_backup_is_restored(files: Path) -> None:
    says = restore(files / "backup", files / "again")
    assert says == expected(files)["backup"]
    assert "6 cases, 1 of them purged" in audit(files / "again")


def test_the_export_and_its_own_tool_hold(files: Path) -> None:
    package = files / "export.zip"
    assert check_package(package, load_signer(files / "signing.key").public_key)
    with zipfile.ZipFile(package) as archive:
        then = archive.read("cases/00000001/manifest.json")
    migrate_registry(files / "registry.sqlite", load_master_key(files / "master.key"))
    says = reopen_packet(files / "registry.sqlite", load_master_key(files / "master.key"), then)
    assert says == expected(files)["reopened"]


def test_the_commands_work_on_them(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys = ["--signing-key", str(files / "signing.key")]

    def run(*words: str) -> str:
        assert main(list(words)) == 0
        return capsys.readouterr().out

    where = ["--state-dir", str(files / "state"), *keys]
    assert rows(json.loads(run("cases", "list", "--json", *where))) == expected(files)["summaries"]
    (files / "public.pem").write_text(run("cases", "public-key", *keys))
    key = ["--key", str(files / "public.pem")]
    assert "the key you trust" in run("cases", "verify", str(files / "export.zip"), *key)
    assert (
        run("restore", str(files / "backup"), "--state-dir", str(files / "again")).strip() == expected(files)["backup"]
    )
    shown = json.loads(run("cases", "show", "1", "--json", *where))
    assert shown["driver"]["first_name"] == "Ada"
    registry = ["--registry", str(files / "registry.sqlite"), "--master-key", str(files / "master.key")]
    assert "the registry as it was" in run("registry", "migrate", *registry)
    assert [row["licence"] for row in json.loads(run("registry", "list", "--json", *registry))] == [
        "UD1234567A",
        "UD7654321B",
    ]
    assert "sealed 2 keys anew" in run("registry", "rotate", *registry)


def test_a_report_is_made_of_an_old_case(files: Path) -> None:
    assert report_of(files / "state", 1).startswith(b"%PDF")


async def test_chips_seal_and_the_registry_opens_and_names(files: Path) -> None:
    master_key = load_master_key(files / "master.key")
    migrate_registry(files / "registry.sqlite", master_key)
    assert [driver.first_name for driver in list_drivers(files / "registry.sqlite", master_key)] == ["Ada", "Bruno"]
    chip = load_chip(files / "ada.chip")
    nonce, at = "0" * 32, 1_795_000_000
    sealed = seal(load_public_key(chip.public_key), plate="AB123CD", licence=chip.licence, nonce=nonce, timestamp=at)
    registry = await Registry.open(files / "registry.sqlite", master_key)
    try:
        key = (await registry.keys([chip.uid]))[chip.uid]
        opened = open_packet(
            load_private_key(unseal_secret(key.unsealing_key, key.sealed_key, key.context)),
            Packet(chip.uid, sealed, nonce, at, 0.0, 0),
        )
        assert (opened.plate, opened.licence, key.licence) == ("AB123CD", chip.licence, chip.licence)
        assert (await registry.driver(chip.licence)).last_name == "Rossi"
        assert await registry.keeper("AB123CD") == chip.licence
    finally:
        await registry.close()
