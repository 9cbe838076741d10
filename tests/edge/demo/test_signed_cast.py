"""The demo plays both versions of the protocol, and the attacks that version 2 is for."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from edge.config import load
from edge.demo.cast import load_cast, load_signed_cast
from edge.demo.setting import Setting


def test_one_car_of_version_1_and_each_attack_are_among_the_cast() -> None:
    cast = load_signed_cast()
    cars = Counter(scene.car for scene in cast.scene)
    assert cars["relayed"] == cars["copied chip"] == cars["replay"] == cars["wrong plate"] == cars["silent"] == 1
    drivers = {scene.licence: cast.person(scene.licence) for scene in cast.scene if scene.licence is not None}
    named = [scene.culprit for scene in cast.scene if scene.culprit is not None]
    assert sorted(drivers[licence].version for licence in named) == [1, 2, 2]
    attacked = [scene for scene in cast.scene if scene.car in ("relayed", "copied chip")]
    assert all(scene.culprit is None and drivers[scene.licence].version == 2 for scene in attacked if scene.licence)


def test_its_unit_speaks_both_versions_and_that_of_play_the_first_alone(tmp_path: Path) -> None:
    for signed, versions in ((True, (1, 2)), (False, (1,))):
        setting = Setting(tmp_path / str(signed), signed=signed)
        setting.clear()
        assert load(setting.config).link.versions == versions
    assert {person.version for person in load_cast().driver} == {1}
