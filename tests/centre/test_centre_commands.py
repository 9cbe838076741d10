"""``autovelox-centre``: every command against a real database, with its exit code."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from centre.cli import main
from centre.config import load
from centre.service import running
from edge.cases.review import record
from edge.delivery import Client, join_centre, trusting
from tests.support.cases import SIGNER, filled
from tests.support.centre import Postgres, lines_of
from tests.support.registry import enter


@pytest.fixture
def config(postgres: Postgres, tmp_path: Path) -> Iterator[Path]:
    database = postgres.database()
    dsn = postgres.server.dsn_of(postgres.call(database.__aenter__()))
    file = tmp_path / "centre.toml"
    file.write_text(
        f'[centre]\nstate_dir = "state"\n[database]\nurl = "{dsn}"\n[listen]\nport = 0\n[metrics]\nport = 0\n'
    )
    yield file
    postgres.call(database.__aexit__(None, None, None))


def deliver(config: Path, tmp_path: Path, code: str, judge: Callable[[Path], object] | None = None) -> None:
    """Let a unit join with *code* and deliver three cases; first officers *judge* some in its state folder."""

    async def work() -> None:
        await filled(tmp_path / "unit", 3)
        if judge is not None:
            judge(tmp_path / "unit")
        async with running(load(config)) as port:
            url, authority = f"https://127.0.0.1:{port}", tmp_path / "authority.pem"
            await join_centre(url, code, serial="AVX-TEST", signer=SIGNER, authority_file=authority)
            async with Client(url, trusting(authority), "AVX-TEST", SIGNER) as client:
                await client.log_in(b"")
                await client.entries(lines_of(tmp_path / "unit"))

    asyncio.run(work())


def test_an_export_says_that_the_name_in_it_was_taken_away(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: str) -> tuple[str, str]:
        assert main(["--config", str(config), *words]) == 0
        told = capsys.readouterr()
        return told.out, told.err

    def judge(state: Path) -> None:
        kept = partial(record, state, officer="Conti", reason="looked at it", signer=SIGNER)
        kept(1, kind="set_name_aside")
        kept(2, kind="correct_plate", plate="A8123CD")

    code = run("units", "add", "AVX-TEST")[0].split("join https://")[1].split()[1]
    deliver(config, tmp_path, code, judge)
    capsys.readouterr()
    for number in (1, 2):
        out, warned = run("cases", "export", "AVX-TEST", str(number), "--to", str(tmp_path / f"out-{number}"))
        assert "chain.jsonl" in out and "took the name of this case away" not in out
        assert "took the name of this case away" in warned and "no longer counts" in warned
        assert "Rossi" in (tmp_path / f"out-{number}" / "chain.jsonl").read_text(), "the signed entries are whole"
    assert "took the name" not in run("cases", "export", "AVX-TEST", "3", "--to", str(tmp_path / "out-3"))[1]


def test_the_commands_from_the_invitation_to_the_export(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: str, code: int = 0) -> str:
        assert main(["--config", str(config), *words]) == code
        return capsys.readouterr().out

    invited = run("units", "add", "AVX-TEST")
    code = re.search(r"autovelox centre join https://localhost:\d+ ([A-Z2-7-]{47})", invited)
    assert code is not None, invited
    deliver(config, tmp_path, code.group(1))
    capsys.readouterr()
    assert re.search(r"AVX-TEST +active +7 entries +3 cases  photos missing +4", run("units", "list"))
    (unit,) = json.loads(run("units", "list", "--json"))
    assert (unit["head_seq"], unit["anchored"], unit["alarms"]) == (7, True, 0)
    assert "1 units: 0 invited, 1 active" in run("status")
    listed = run("cases", "list", "--plate", "AB*", "--reason", "test")
    assert re.findall(r"AB\d\d\dCD", listed) == ["AB001CD", "AB000CD"]
    assert json.loads(run("cases", "show", "AVX-TEST", "1"))["driver"]["last_name"] == "Rossi"
    assert "chain.jsonl" in run("cases", "export", "AVX-TEST", "1", "--to", str(tmp_path / "out"))
    assert "7 entries, 3 cases, 0 photos: everything holds" in run("cases", "verify")
    assert "is suspended" in run("units", "suspend", "AVX-TEST")
    assert "is active" in run("units", "activate", "AVX-TEST")
    assert "is revoked" in run("units", "revoke", "AVX-TEST")
    assert main(["--config", str(config), "units", "activate", "AVX-TEST"]) == 22
    assert "which is for good" in capsys.readouterr().err
    assert run("alarms", "list") == ""
    assert main(["--config", str(config), "alarms", "close", "7"]) == 20
    assert "no open alarm 7" in capsys.readouterr().err
    assert main(["--config", str(config), "cases", "show", "AVX-TEST", "99"]) == 20


def test_an_alarm_makes_the_status_fail_until_somebody_closes_it(
    config: Path, postgres: Postgres, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--config", str(config), "units", "add", "A1"])
    dsn = load(config).database.url
    assert dsn is not None

    async def alarm() -> None:
        import asyncpg

        connection = await asyncpg.connect(dsn)
        await connection.execute("INSERT INTO alarms (unit_id, kind, cause, seq) VALUES (1, 'fork', 'two entries', 7)")
        await connection.close()

    postgres.call(alarm())
    capsys.readouterr()
    assert main(["--config", str(config), "status"]) == 1
    assert main(["--config", str(config), "alarms", "list"]) == 0
    assert "A1, entry 7  fork: two entries (1 times)" in capsys.readouterr().out
    assert main(["--config", str(config), "alarms", "close", "1"]) == 0
    assert main(["--config", str(config), "status"]) == 0


def test_a_database_that_is_away_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "centre.toml"
    file.write_text('[database]\nurl = "postgresql://centre:hunter2@127.0.0.1:1/centre"\n')
    assert main(["--config", str(file), "units", "list"]) == 21
    said = capsys.readouterr().err
    assert said.startswith("autovelox-centre: PostgreSQL cannot be used")
    assert "hunter2" not in said and said.count("\n") == 1


def test_help_lists_the_commands() -> None:
    done = subprocess.run([sys.executable, "-P", "-m", "centre", "--help"], capture_output=True, text=True, check=True)
    listed = re.findall(r"^ {4}(\w+) ", done.stdout, re.MULTILINE)
    known = ["run", "opening", "status", "alarms", "units", "cases", "orders", "signers", "heads", "registry"]
    known += ["officers", "demo"]
    assert listed == known


def test_a_units_installation_is_told_what_the_centre_needs() -> None:
    """What a unit has: no asyncpg."""
    program = "import sys; sys.modules['asyncpg'] = None; from centre.cli import main; sys.exit(main(['status']))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 20
    assert "asyncpg of the centre is not installed: make install in the checkout" in done.stderr


def test_the_registry_is_taken_over_and_its_keys_rotated(
    config: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: str, code: int = 0) -> str:
        assert main(["--config", str(config), *words]) == code
        said = capsys.readouterr()
        return said.out + said.err

    config.write_text(config.read_text() + f'[registry]\nroot_key_file = "{place}/keys/root.key"\n')
    enter(place, plates=["IT:AB123CD"])
    assert "there is no registry at the centre" in run("registry", "status", code=8)
    file, key = str(place / "registry.sqlite"), str(place / "master.key")
    said = run("registry", "import", file, "--master-key", key, "--shards", "2")
    assert "1 drivers, 1 portraits, 1 chips, 1 vehicles, 0 counters" in said
    root = (place / "keys" / "root.key").read_bytes()
    assert (place / "keys" / "root.key").stat().st_mode & 0o777 == 0o600
    assert re.search(r"drivers +1\nchips +1\nvehicles +1\ncounters +0\nshards +2", run("registry", "status"))
    assert "3 keys are wrapped" in run("registry", "rotate-root")
    assert (place / "keys" / "root.key").read_bytes() != root
    assert "5 rows are sealed" in run("registry", "rotate-shards")
    assert "a registry is never overwritten" in run("registry", "import", file, "--master-key", key, code=8)
    assert "no shard 7" in run("registry", "rotate-shards", "7", code=8)
