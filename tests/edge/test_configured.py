"""One rule says which configuration a command works by, and every command tells."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from edge import configured
from edge.cli import main
from edge.configured import configuration
from edge.errors import ConfigError
from tests.support.cases import write_key
from tests.support.unit_files import write_settings

COMMANDS = {
    "list": ["cases", "list"],
    "show": ["cases", "show", "1"],
    "verify": ["cases", "verify"],
    "purge": ["cases", "purge", "--dry-run"],
    "public key": ["cases", "public-key"],
    "registry": ["registry", "list"],
    "backup": ["backup", "copy"],
    "view": ["view"],
    "stats": ["cases", "stats"],
    "check": ["run", "--check=configuration"],
    "centre": ["centre", "status"],
    "authority": ["authority", "request", "--key", "k", "--out", "o"],
}


def asked(**values: object) -> argparse.Namespace:
    return argparse.Namespace(**{"config": None, **values})


@pytest.fixture
def in_etc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in /etc."""
    etc = tmp_path / "etc"
    etc.mkdir()
    monkeypatch.setattr(configured, "DEFAULT_CONFIG", etc / "autovelox.toml")
    return write_settings(etc)


def test_the_file_in_etc_counts_if_there_is_one(in_etc: Path) -> None:
    found = configuration(asked())
    assert (found.path, found.settings.unit.state_dir) == (in_etc, in_etc.parent / "state")
    in_etc.unlink()
    assert configuration(asked()).path is None
    with pytest.raises(ConfigError, match="there is no configuration file"):
        configuration(asked(), required=True)


def test_a_named_file_comes_first_and_a_wrong_one_is_refused(in_etc: Path, tmp_path: Path) -> None:
    named = write_settings(tmp_path)
    assert configuration(asked(config=named)).path == named
    in_etc.write_text("[speed]\nlimitt = 1\n")
    with pytest.raises(ConfigError, match="unknown key"):
        configuration(asked())


def test_a_state_folder_brings_the_configuration_beside_it_that_names_it(in_etc: Path, tmp_path: Path) -> None:
    beside = write_settings(tmp_path)
    assert configuration(asked(state_dir=tmp_path / "state")).path == beside
    assert configuration(asked(state_dir=tmp_path / "other")).path == in_etc, "it names another folder"
    assert configuration(asked(config=in_etc, state_dir=tmp_path / "state")).path == in_etc


@pytest.mark.parametrize("words", COMMANDS.values(), ids=list(COMMANDS))
def test_every_command_follows_the_rule_and_says_so(
    words: list[str], in_etc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISPLAY", raising=False)
    write_key(in_etc.parent / "signing.key")
    main(words)
    assert capsys.readouterr().err.splitlines()[0] == f"configuration: {in_etc}"
    other = write_settings(tmp_path)
    main([*words, "--config", str(other)])
    assert capsys.readouterr().err.splitlines()[0] == f"configuration: {other}"


def test_json_is_alone(in_etc: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["cases", "list", "--json"])
    assert "configuration: " not in capsys.readouterr().err
