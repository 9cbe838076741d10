"""What the unit says of itself in the chain: starts, stops, settings, software, steps of the clock. Never a secret."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from edge.cases import StateFolder, clock_state
from edge.cases.audit import audit
from edge.cases.store import CaseStore
from edge.config import Settings
from edge.daemon.clock import ClockSteps, read_clocks
from edge.daemon.diary import Diary, digest, setting_digests, software_of
from edge.errors import CaseError
from tests.support.cases import SIGNER, UNIT, photo, trigger, unidentified

SOFTWARE = {"version": "autovelox 1", "models": {"a": "1"}, "package": "2"}


async def lived(state: Path, settings: Settings, *, orderly: bool, software: dict[str, Any] = SOFTWARE) -> None:
    """One start, and an end with or without a stop."""
    store = await CaseStore.open(state, SIGNER, UNIT)
    digests = setting_digests(settings)
    diary = Diary(store, clock_state, mode="enforce", configuration=digests, software=software)
    await diary.begin()
    if orderly:
        await diary.end()
    await store.close()


def entries(state: Path) -> list[tuple[str, dict[str, Any]]]:
    """Kind and content of every entry that belongs to no case, but the key."""
    with closing(sqlite3.connect(StateFolder(state).database)) as database:
        sql = "SELECT kind, body FROM entries WHERE case_number IS NULL AND kind != 'key' ORDER BY seq"
        return [(kind, json.loads(body)) for kind, body in database.execute(sql)]


async def test_every_start_says_how_the_last_one_ended_and_what_changed_since(tmp_path: Path) -> None:
    at_70 = Settings.model_validate({"speed": {"limit_kmh": 70.0}, "site": {"road": "SS 13"}})
    at_50 = Settings.model_validate({"speed": {"limit_kmh": 50.0}, "site": {"road": "SS 13", "km": 3.0}})
    await lived(tmp_path, at_70, orderly=True)
    await lived(tmp_path, at_70, orderly=False)
    await lived(tmp_path, at_50, orderly=True, software={**SOFTWARE, "models": {"a": "9"}})
    found = entries(tmp_path)
    kinds = ["configuration", "software", "start", "stop", "start", "configuration", "software", "start", "stop"]
    assert [kind for kind, _ in found] == kinds
    starts = [content for kind, content in found if kind == "start"]
    assert [start["after"] for start in starts] == ["nothing", "a stop", "no stop: power, a crash or a kill"]
    first, second = (content for kind, content in found if kind == "configuration")
    assert (first["changed"], second["changed"]) == (None, ["site.km", "speed.limit_kmh"])
    assert [content["changed"] for kind, content in found if kind == "software"] == [None, ["models"]]
    assert [start["configuration"] for start in starts] == [first["sha256"], first["sha256"], second["sha256"]]
    assert starts[0]["clock"]["boot_id"] == clock_state()["boot_id"]
    assert audit(tmp_path).startswith("Everything holds: 0 cases")


def test_a_digest_shows_a_setting_to_whoever_has_it_and_no_place_of_a_secret() -> None:
    settings = Settings.model_validate({"registry": {"master_key_file": "/root/hidden.key"}})
    digests = setting_digests(settings)
    assert digests["speed.limit_kmh"] == digest(["speed.limit_kmh", 50.0])[:16]
    assert not [name for name in digests if "key_file" in name or "tls_key" in name]
    other = Settings.model_validate({"registry": {"master_key_file": "/root/other.key"}})
    assert setting_digests(other) == digests


def test_the_software_is_the_code_and_the_models() -> None:
    unit = {"software": "autovelox 9", "models": {"detector": "1"}}
    told = software_of(unit)
    assert (told["version"], told["models"]) == ("autovelox 9", {"detector": "1"})
    assert len(str(told["package"])) == 64 and told == software_of(
        {"software": "autovelox 9", "models": {"detector": "1"}}
    )


class Refusing:
    """A store that takes nothing for a while, and then everything."""

    def __init__(self) -> None:
        self.refuses = True
        self.taken: list[str] = []

    async def note(self, kind: str, content: object) -> int:
        if self.refuses:
            raise CaseError("the database is busy", "wait")
        self.taken.append(kind)
        return len(self.taken)

    async def newest_note(self, kind: str) -> None:
        return None


async def test_what_cannot_be_written_waits_in_its_order_and_stops_nothing() -> None:
    store = Refusing()
    diary = Diary(store, clock_state, mode="enforce", configuration={}, software=SOFTWARE)
    await diary.begin()
    diary.add("clock", {"step_s": 3.0})
    await diary.write()
    assert "4 entries about the unit wait" in (diary.problem() or "") and store.taken == []
    store.refuses = False
    await diary.write()
    assert store.taken == ["configuration", "software", "start", "clock"] and diary.problem() is None


@pytest.mark.parametrize(("step_s", "noticed"), [(0.2, False), (-0.2, False), (0.3, True), (-3600.0, True)])
def test_a_step_of_the_wall_clock_is_noticed_once(step_s: float, noticed: bool) -> None:
    now = [1000.0, 50.0]
    steps = ClockSteps(clock_state, lambda: (now[0], now[1]))
    now[0], now[1] = 1010.0 + step_s, 60.0
    told = steps.step()
    assert (told is not None) is noticed
    if told is not None:
        assert told["step_s"] == pytest.approx(step_s)
        assert (told["from_utc"], told["to_utc"]) == (1010.0, 1010.0 + step_s)
        assert told["source"] and told["boot_id"] == clock_state()["boot_id"]
    now[0], now[1] = now[0] + 5.0, now[1] + 5.0
    assert steps.step() is None


def test_the_clocks_of_this_machine_agree() -> None:
    assert ClockSteps(clock_state, read_clocks).step() is None


async def test_a_step_is_an_entry_and_the_chain_still_holds(tmp_path: Path) -> None:
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    diary = Diary(store, clock_state, mode="enforce", configuration={}, software=SOFTWARE)
    await diary.begin()
    number = await store.file_case(trigger(), [photo()], [], limit_kmh=50.0, site="SP 235")
    diary.add("clock", {"step_s": -7200.0, "source": "not known"})
    await diary.write()
    await store.enter_verdict(number, unidentified())
    await store.close()
    assert ("clock", -7200.0) in [(kind, content.get("step_s")) for kind, content in entries(tmp_path)]
    assert audit(tmp_path).startswith("Everything holds: 1 cases")
