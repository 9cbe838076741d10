"""`cases init-key`: the error that asks for a key names it, and it never takes the place of one that signs."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.cases import load_signer
from edge.cli import main
from edge.errors import SecretError
from tests.support.cases import filled


def test_a_missing_key_is_made_by_the_command_that_its_error_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "signing.key"
    where = ["--state-dir", str(tmp_path / "state"), "--signing-key", str(key)]
    assert main(["cases", "public-key", *where]) == SecretError.exit_code
    assert "make one with autovelox cases init-key" in capsys.readouterr().err
    assert main(["cases", "init-key", *where]) == 0
    assert load_signer(key).key_id in capsys.readouterr().out
    assert key.stat().st_mode & 0o777 == 0o600
    made = key.read_bytes()
    assert main(["cases", "init-key", *where]) == SecretError.exit_code
    assert key.read_bytes() == made


async def test_no_second_key_is_made_beside_cases_that_one_signs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await filled(tmp_path / "state", 1)
    key = tmp_path / "signing.key"
    where = ["--state-dir", str(tmp_path / "state"), "--signing-key", str(key)]
    assert main(["cases", "init-key", *where]) == SecretError.exit_code
    assert "are signed with a key already" in capsys.readouterr().err
    assert not key.exists()
