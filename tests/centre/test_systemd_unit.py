"""The service files: systemd finds no fault in them, and they leave the processes little."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from centre.config import ListenSettings, load
from centre.errors import DatabaseError
from centre.opening import opening
from centre.service.tls import prepare
from edge.errors import SecretError

FOLDER = Path(__file__).resolve().parents[2] / "centre" / "systemd"
CENTRE, OPENER = (FOLDER / f"autovelox-{name}.service" for name in ("centre", "opener"))
both = pytest.mark.parametrize("unit", [CENTRE, OPENER], ids=["centre", "opener"])
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
needs_sysusers = pytest.mark.skipif(
    shutil.which("systemd-sysusers") is None or os.geteuid() != 0, reason="needs systemd-sysusers, and root"
)


def values(unit: Path, key: str) -> list[str]:
    """What the service file says of *key*, each line of it."""
    return re.findall(rf"^{key}=(.*)$", unit.read_text(encoding="utf-8"), flags=re.MULTILINE)


@needs_systemd
@both
def test_systemd_has_nothing_to_say(unit: Path, tmp_path: Path) -> None:
    """Any output is a fault: an unknown key is only a warning. The program itself is not installed here."""
    copy = tmp_path / unit.name
    copy.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(), flags=re.MULTILINE))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy)], capture_output=True, text=True, check=False
    )
    said = [line for line in (done.stdout + done.stderr).splitlines() if unit.name in line]
    assert said == []


@needs_systemd
@both
def test_it_is_hardened(unit: Path) -> None:
    command = ["systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=12", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-300:]


def test_only_the_opening_service_gets_the_root_key() -> None:
    """The two are two accounts, and neither enters the other's folder."""
    keys = [f"{name}:/etc/autovelox-centre/{name}" for name in ("root.key", "tls.key")]
    assert (values(CENTRE, "LoadCredential"), values(OPENER, "LoadCredential")) == ([], keys)
    assert {*values(CENTRE, "User"), *values(OPENER, "User")} == {"autovelox-centre", "autovelox-opener"}
    assert "-/etc/autovelox-centre/root.key" in values(CENTRE, "InaccessiblePaths")[0].split()
    assert values(OPENER, "InaccessiblePaths") == ["-/var/lib/autovelox-centre"]
    assert values(OPENER, "MemorySwapMax") == ["0"] and values(OPENER, "LimitCORE") == ["0"]


@needs_sysusers
def test_the_accounts_have_no_shell(tmp_path: Path) -> None:
    """Made in a folder that stands for the system's root."""
    file = tmp_path / "etc" / "sysusers.d" / "autovelox-centre.conf"
    file.parent.mkdir(parents=True)
    shutil.copy(FOLDER / "autovelox-centre.sysusers", file)
    subprocess.run(["systemd-sysusers", f"--root={tmp_path}"], check=True, capture_output=True)
    lines = [line.split(":") for line in (tmp_path / "etc" / "passwd").read_text().splitlines()]
    made = {line[0]: line[-1] for line in lines}
    assert made == dict.fromkeys(("autovelox-centre", "autovelox-opener"), "/usr/sbin/nologin")


def test_the_key_of_the_certificate_may_come_as_a_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = prepare(ListenSettings(), tmp_path_of(tmp_path, "made"))
    credentials = tmp_path_of(tmp_path, "credentials")
    given = ListenSettings(certificate=made.certificate, key=tmp_path / "etc" / "tls.key", authority=made.authority)
    with pytest.raises(SecretError, match="cannot be used"):
        prepare(given, tmp_path)
    shutil.copy(made.key, credentials / "tls.key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    assert prepare(given, tmp_path).key == credentials / "tls.key"


def tmp_path_of(tmp_path: Path, name: str) -> Path:
    (tmp_path / name).mkdir()
    return tmp_path / name


async def test_the_configuration_in_the_manual_is_one(tmp_path: Path) -> None:
    """It comes as far as the database, which is not here: its keys are where the service file puts them."""
    page = (FOLDER.parents[1] / "docs" / "centre.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```toml\n(.*?)```", page, flags=re.DOTALL)
    file = tmp_path / "opener.toml"
    text = text.replace("/var/lib/autovelox-opener", str(tmp_path)).replace("db.example", "127.0.0.1:9")
    file.write_text(text, encoding="utf-8")
    settings = load(file)
    credentials = {name.partition(":")[2] for name in values(OPENER, "LoadCredential")}
    assert {str(settings.registry.root_key_file), str(settings.listen.key)} == credentials
    with pytest.raises(DatabaseError, match="PostgreSQL cannot be used"):
        async with opening(settings):
            pass
