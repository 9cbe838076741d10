"""The example configuration has every setting with its default, and a mistake says what was meant."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from centre.config import Settings, load
from edge.errors import ConfigError

EXAMPLE = Path(__file__).resolve().parents[2] / "autovelox-centre.example.toml"


def test_the_example_has_every_setting_with_its_default() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert Settings.model_validate(tomllib.loads(text)) == Settings()
    for name, section in Settings():
        part = re.split(rf"^\[{name}\]", text, flags=re.MULTILINE)[1].split("\n[")[0]
        for key in type(section).model_fields:
            assert re.search(rf"^(# )?{key} = ", part, re.MULTILINE), f"{name}.{key}"


def test_an_unknown_key_says_what_was_meant(tmp_path: Path) -> None:
    file = tmp_path / "centre.toml"
    file.write_text("[listen]\nprot = 1\n")
    with pytest.raises(ConfigError, match=r"unknown key listen.prot: did you mean port\?"):
        load(file)


def test_a_certificate_needs_its_key_and_its_authority(tmp_path: Path) -> None:
    file = tmp_path / "centre.toml"
    file.write_text('[listen]\ncertificate = "a.crt"\n')
    with pytest.raises(ConfigError, match="belong together: set all three, or none"):
        load(file)


def test_paths_count_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "centre.toml"
    file.write_text('[centre]\nstate_dir = "state"\n')
    assert load(file).centre.state_dir == tmp_path / "state"
