"""A chip's life: valid from its first day, lost, revoked, replaced; and what opens before and after."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from edge.cli import main
from edge.crypto.opener import open_batch
from edge.crypto.packet import seal
from edge.crypto.rsa_key import load_public_key
from edge.errors import RegistryError
from edge.flow.opening import WindowOpener
from edge.identify.formats import licence_pattern, plate_pattern
from edge.model import Packet, Rejection
from edge.registry import Enrolment, load_master_key, reopen_packet, replace_chip, revoke_chip
from tests.support.registry import ADA, PORTRAIT, enter, list_drivers, opened

LICENCE, PLATE, NONCE = str(ADA["licence"]), "AB123CD", "0" * 32


class Here:
    """Runs the work of the worker processes in this one."""

    workers = 1

    async def run(self, function: Any, *args: Any) -> Any:
        assert function is open_batch
        return function(*args)


def packet(chip: Enrolment, at: float) -> Packet:
    text = {"plate": PLATE, "licence": chip.licence, "nonce": NONCE, "timestamp": int(at)}
    return Packet(chip.uid, seal(load_public_key(chip.public_key_pem), **text), NONCE, int(at), at, 0)


async def says(place: Path, *packets: Packet) -> tuple[list[str], Counter[Rejection]]:
    """The uids whose packets became claims, and what was rejected."""
    registry = await opened(place)
    try:
        window = WindowOpener(registry, Here(), plate_pattern((), "[A-Z0-9]{2,12}"), licence_pattern("[A-Z0-9]+"))
        claims, rejected = await window(packets)
        return [claim.uid for claim in claims], rejected
    finally:
        await registry.close()


def manifest(own: Packet) -> bytes:
    """What the manifest of a decided case says of its packet."""
    record = {
        "payload": base64.b64encode(own.payload).decode(),
        "nonce": own.nonce,
        "challenged_at": own.challenged_at,
        "received_utc": own.received_utc,
        "received_monotonic_ns": 0,
        "uid_sha256": hashlib.sha256(own.uid.encode()).hexdigest(),
    }
    return json.dumps(
        {"number": 1, "packet": record, "verdict": {"plate": PLATE}, "driver": {"licence": LICENCE}}
    ).encode()


def reopened(place: Path, own: Packet) -> str:
    return reopen_packet(place / "registry.sqlite", load_master_key(place / "master.key"), manifest(own))


async def test_a_lost_chip_is_replaced(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1_800_000_000.0]
    monkeypatch.setattr("edge.registry.enrol.time.time", lambda: clock[0])
    first = enter(place)
    before, early = packet(first, clock[0] + 10), packet(first, clock[0] - 10)
    clock[0] += 100
    second = replace_chip(place / "registry.sqlite", load_master_key(place / "master.key"), LICENCE, reason="lost")
    assert second.uid != first.uid
    after, new = packet(first, clock[0] + 10), packet(second, clock[0] + 10)
    claimed, rejected = await says(place, before, early, after, new, packet(second, clock[0] - 10))
    assert claimed == [first.uid, second.uid], "what was received while the chip was in use counts, nothing else"
    assert rejected == {Rejection.REVOKED_CHIP: 3}
    assert "opens" in reopened(place, before)
    assert [driver.has_chip for driver in list_drivers(place)] == [True]


async def test_a_revoked_chip_opens_nothing_new_and_what_is_old(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1_800_000_000.0]
    monkeypatch.setattr("edge.registry.enrol.time.time", lambda: clock[0])
    chip, where = enter(place), (place / "registry.sqlite", load_master_key(place / "master.key"))
    clock[0] += 100
    revoke_chip(*where, LICENCE, reason="licence withdrawn")
    claimed, rejected = await says(place, packet(chip, clock[0]))
    assert (claimed, rejected) == ([], {Rejection.REVOKED_CHIP: 1})
    assert "opens" in reopened(place, packet(chip, clock[0] - 50))
    assert [driver.has_chip for driver in list_drivers(place)] == [False]
    with pytest.raises(RegistryError, match="no chip of that licence is in use"):
        revoke_chip(*where, LICENCE, reason="again")
    replace_chip(*where, LICENCE, reason="found guiltless")
    assert [driver.has_chip for driver in list_drivers(place)] == [True]


def test_who_is_not_there_has_no_chip_to_revoke(place: Path) -> None:
    where = (place / "registry.sqlite", load_master_key(place / "master.key"))
    for action in (revoke_chip, replace_chip):
        with pytest.raises(RegistryError, match="no driver"):
            action(*where, "XX0000000X", reason="lost")
        with pytest.raises(RegistryError, match="reason"):
            action(*where, LICENCE, reason=" ")


def test_the_commands(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--registry", str(place / "registry.sqlite"), "--master-key", str(place / "master.key")]
    enter(place, portrait=PORTRAIT)
    new = place / "new.chip"
    assert main(["registry", "replace", *where, LICENCE, "--reason", "lost", "--chip", str(new)]) == 0
    assert json.loads(new.read_text())["licence"] == LICENCE
    assert main(["registry", "replace", *where, LICENCE, "--reason", "lost", "--chip", str(new)]) == 9
    assert main(["registry", "revoke", *where, LICENCE, "--reason", "stolen"]) == 0
    assert main(["registry", "revoke", *where, LICENCE, "--reason", "stolen"]) == RegistryError.exit_code
    assert main(["registry", "check", *where]) == 0
    assert "everything holds: 3 rows" in capsys.readouterr().out
    assert main(["registry", "list", *where]) == 0
    assert "no chip in use" in capsys.readouterr().out
    assert main(["registry", "migrate", *where]) == 0
    assert "nothing to do" in capsys.readouterr().out
