"""Notices: what is wrong reaches a mail server and a webhook once, and nothing of a case does."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from centre.config import NoticeSettings
from centre.database import as_house, open_pool
from centre.notices import Bounds, Watch, channels_of, find_problems
from centre.notices.watch import ROUNDS_AWAY
from edge.errors import SecretError
from tests.support.cases import SIGNER, filled
from tests.support.centre import Centre, lines_of
from tests.support.centre_registry import as_role
from tests.support.receivers import hook, mail_server

BOUNDS = Bounds(
    silent_after_s=600,
    behind_after_s=900,
    clock_s=5,
    unit_free_bytes=1 << 30,
    disk_free_percent=0.0001,
    certificate_days=30,
)
NEXT_YEAR = datetime.now(UTC) + timedelta(days=365)


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    return made


def secret(tmp_path: Path, name: str, text: str) -> Path:
    file = tmp_path / name
    file.write_text(text + "\n")
    file.chmod(0o600)
    return file


class Switch:
    """A pool that can be away."""

    def __init__(self, pool: Any) -> None:
        self.pool = pool
        self.is_away = False

    def acquire(self, **words: Any) -> Any:
        if self.is_away:
            raise ConnectionRefusedError
        return self.pool.acquire(**words)

    async def release(self, connection: Any) -> None:
        await self.pool.release(connection)


@asynccontextmanager
async def watching(dsn: str, settings: NoticeSettings, tmp_path: Path, **words: Any) -> AsyncIterator[Watch]:
    """A watch with the rights of the service, as the running centre has it."""
    pool = await open_pool(dsn, connections=2, statement_timeout_s=10, service_dsn=as_role(dsn, "autovelox_service"))
    end: Callable[[], datetime] = words.pop("certificate_end", lambda: NEXT_YEAR)
    try:
        yield Watch(
            *("test", words.pop("through", lambda pool: pool)(pool), channels_of(settings), BOUNDS),
            **{
                "certificate_end": end,
                "state_dir": tmp_path,
                "every_s": 60.0,
                "repeat_after": timedelta(hours=24),
                **words,
            },
        )
    finally:
        await pool.close()


async def with_a_unit(centre: Centre, tmp_path: Path) -> None:
    await filled(tmp_path / "unit", 1)
    async with await centre.let_in("A1", SIGNER, tmp_path) as client:
        await client.log_in(b"")
        await client.entries(lines_of(tmp_path / "unit"))
        await client.status({"head": {"seq": 3, "hash": "0" * 64}, "problems": {"AB000CD": "Rossi\r\nBcc: x@y"}})
    await centre.pool.execute("DELETE FROM alarms")


async def test_each_problem_is_told_once_on_each_channel_and_when_it_is_over(
    centre: Centre, dsn: str, tmp_path: Path, authority: trustme.CA
) -> None:
    await with_a_unit(centre, tmp_path)
    async with mail_server(authority) as box, hook(authority) as (port, taken, _):
        settings = NoticeSettings(
            email_to=("fleet@authority.example", "night@authority.example"),
            email_from="centre@authority.example",
            smtp_host="127.0.0.1",
            smtp_port=box.port,
            smtp_user="autovelox",
            smtp_password_file=secret(tmp_path, "smtp.password", "hunter2"),
            smtp_authority=tmp_path / "authority.pem",
            webhook_url=f"https://127.0.0.1:{port}/hook",
            webhook_key_file=secret(tmp_path, "webhook.key", "of the hook"),
            webhook_authority=tmp_path / "authority.pem",
        )
        async with watching(dsn, settings, tmp_path) as watch:
            await watch.look()
            assert (len(box.mails), len(taken)) == (0, 0), "nothing is wrong"
            await centre.pool.execute(
                "UPDATE units SET status_at = now() - interval '1 hour', delivered_at = NULL,"
                " joined_at = now() - interval '1 day'"
            )
            await centre.pool.execute("INSERT INTO alarms (unit_id, kind, cause, seq) VALUES (1, 'fork', 'two', 7)")
            for _ in range(3):
                await watch.look()
        async with watching(dsn, settings, tmp_path) as again:
            await again.look()
            assert (len(box.mails), len(taken)) == (1, 1), "nor does a restart tell it again"
            await centre.pool.execute("UPDATE units SET status_at = now()")
            await centre.pool.execute("UPDATE alarms SET closed_at = now()")
            await again.look()
            await again.look()
        assert (len(box.mails), len(taken), watch.sent) == (2, 2, 2)
    first, last = box.mails
    assert first["To"] == "fleet@authority.example, night@authority.example" and first["Bcc"] is None
    assert first["Subject"] == "Autovelox centre test: 2 new"
    assert "- A1: nothing is heard of it" in first.get_content()
    assert "- A1: alarm" in first.get_content() and "(fork, entry 7): two" in first.get_content()
    assert last["Subject"] == "Autovelox centre test: 2 over"
    body, signature = taken[0]
    assert signature == "sha256=" + hmac.digest(b"of the hook", body, hashlib.sha256).hex()
    said = json.loads(body)
    assert {problem["key"] for problem in said["new"]} >= {"silent:A1"} and said["new_count"] == 2
    assert any(line.startswith("AUTH PLAIN") for line in box.said)
    assert box.said.index("STARTTLS") < next(n for n, line in enumerate(box.said) if line.startswith("AUTH"))
    everything = body.decode() + first.as_string() + "".join(box.said)
    assert not [word for word in ("AB000CD", "Rossi", "UD1234567A", "SP 235", "hunter2") if word in everything]


async def test_what_is_still_there_is_told_again_after_its_time(
    centre: Centre, dsn: str, tmp_path: Path, authority: trustme.CA
) -> None:
    async with hook(authority) as (port, taken, _):
        settings = NoticeSettings(
            webhook_url=f"https://127.0.0.1:{port}/hook", webhook_authority=tmp_path / "authority.pem"
        )
        ending = datetime.now(UTC) + timedelta(days=3, hours=1)
        async with watching(dsn, settings, tmp_path, certificate_end=lambda: ending) as watch:
            await watch.look()
            await centre.pool.execute("UPDATE notices SET told_at = now() - interval '25 hours'")
            await watch.look()
            await watch.look()
    found = [json.loads(body) for body, _ in taken]
    assert [(len(each["new"]), len(each["still"])) for each in found] == [(1, 0), (0, 1)]
    assert found[0]["new"][0]["text"] == "the centre's certificate ends in 3 days"


@pytest.mark.parametrize("status", [500, 301, 404])
async def test_what_was_not_taken_is_sent_again(
    centre: Centre, dsn: str, tmp_path: Path, authority: trustme.CA, status: int
) -> None:
    """A redirect is followed nowhere; a channel that fails keeps no other one waiting."""
    async with mail_server(authority) as box, hook(authority) as (port, taken, answers):
        settings = NoticeSettings(
            email_to=("fleet@authority.example",),
            smtp_host="127.0.0.1",
            smtp_port=box.port,
            smtp_security="none",
            webhook_url=f"https://127.0.0.1:{port}/hook",
            webhook_authority=tmp_path / "authority.pem",
        )
        answers["status"], box.refuses = status, status == 500
        async with watching(dsn, settings, tmp_path, certificate_end=lambda: datetime.now(UTC)) as watch:
            await watch.look()
            await watch.look()
            assert len(taken) == 2 and len(box.mails) == (0 if box.refuses else 1)
            assert watch.failed == (4 if box.refuses else 2)
            answers["status"], box.refuses = 200, False
            await watch.look()
            await watch.look()
    assert len(taken) == 3 and len(box.mails) == 1


async def test_nothing_goes_to_a_server_of_another_authority(
    centre: Centre, dsn: str, tmp_path: Path, authority: trustme.CA
) -> None:
    stranger = trustme.CA()
    async with mail_server(stranger) as box, hook(stranger) as (port, taken, _):
        settings = NoticeSettings(
            email_to=("fleet@authority.example",),
            smtp_host="127.0.0.1",
            smtp_port=box.port,
            smtp_user="autovelox",
            smtp_password_file=secret(tmp_path, "smtp.password", "hunter2"),
            smtp_authority=tmp_path / "authority.pem",
            webhook_url=f"https://127.0.0.1:{port}/hook",
            webhook_authority=tmp_path / "authority.pem",
        )
        async with watching(dsn, settings, tmp_path, certificate_end=lambda: datetime.now(UTC)) as watch:
            await watch.look()
            assert (watch.sent, watch.failed) == (0, 2)
    assert not taken and not box.mails and not any(line.startswith("AUTH") for line in box.said)


async def test_a_database_that_is_away_is_told_once_without_it(dsn: str, tmp_path: Path, authority: trustme.CA) -> None:
    async with hook(authority) as (port, taken, _):
        settings = NoticeSettings(
            webhook_url=f"https://127.0.0.1:{port}/hook", webhook_authority=tmp_path / "authority.pem"
        )
        switch = Switch(None)

        def through(pool: Any) -> Switch:
            switch.pool = pool
            return switch

        async with watching(dsn, settings, tmp_path, through=through) as watch:
            switch.is_away = True
            for _ in range(ROUNDS_AWAY + 2):
                await watch.look()
            assert [json.loads(body)["new"][0]["key"] for body, _ in taken] == ["database"]
            switch.is_away = False
            await watch.look()
    assert len(taken) == 1


HOSTILE = (
    {"utc": 10**400, "free_bytes": 10**400, "problems": {"disk": "x" * 900}},
    {"utc": "now", "free_bytes": -1, "problems": []},
    {"utc": None, "free_bytes": True, "problems": {"disk": None}},
    {"utc": 1e308, "free_bytes": 1e308},
)


async def test_what_units_report_is_told_in_figures_and_stops_no_watch(centre: Centre, tmp_path: Path) -> None:
    async with await centre.let_in("A1", SIGNER, tmp_path) as client:
        await client.log_in(b"")
        said = []
        for status in (*HOSTILE, {"utc": 0.0, "free_bytes": 5 << 20}):
            await client.status({"head": {"seq": 9, "hash": "0" * 64}, **status})
            async with centre.pool.acquire() as connection:
                with as_house():
                    found = await find_problems(connection, BOUNDS, certificate_end=NEXT_YEAR, state_dir=tmp_path)
            said.append({problem.key for problem in found})
    assert said == [{"disk:A1"}, {"disk:A1"}, {"disk:A1"}, set(), {"clock:A1", "disk:A1"}]


def test_a_password_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = secret(tmp_path, "smtp.password", "hunter2")
    file.chmod(0o644)
    with pytest.raises(SecretError, match="read by other accounts") as failed:
        channels_of(NoticeSettings(email_to=("a@b.example",), smtp_password_file=file))
    assert "hunter2" not in str(failed.value)


@pytest.mark.parametrize("url", ["http://authority.example/", "ftp://x/", "https://", "http://127.0.0.1.evil.example/"])
def test_a_webhook_is_reached_over_https_or_on_this_machine(url: str) -> None:
    with pytest.raises(ValueError, match="webhook_url"):
        NoticeSettings(webhook_url=url)
    NoticeSettings(webhook_url="http://127.0.0.1:9000/hook")
