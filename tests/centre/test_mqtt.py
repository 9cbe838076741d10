"""Health over MQTT, at a real broker: retained, announced to Home Assistant, tidied up, and nothing of a case in it."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import trustme

from centre.cli import main
from centre.config import MqttSettings, Settings
from centre.ending import end
from centre.mqtt import Fleet, publisher_of
from centre.mqtt import publisher as publisher_module
from centre.service import check, running
from edge.errors import EdgeError, SecretError
from tests.support.broker import PASSWORD, Broker, broker_at_work, listening, needs_broker
from tests.support.cases import SIGNER, filled
from tests.support.centre import Centre, lines_of, settings_of

pytestmark = needs_broker
UNIT, CENTRE, AVAILABLE = "autovelox/test/units/A.1", "autovelox/test/state", "autovelox/test/availability"
OF_A_CASE = ("AB000CD", "AB001CD", "Rossi", "UD1234567A", "SP 235", "SECRET WORD")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher_module, "FIRST_PAUSE_S", 0.05)
    monkeypatch.setattr(publisher_module, "LONGEST_PAUSE_S", 0.2)


@pytest_asyncio.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    async with broker_at_work(tmp_path / "broker", trustme.CA()) as found:
        yield found


def configured(dsn: str, tmp_path: Path, broker: Broker, **words: Any) -> Settings:
    return settings_of(dsn, tmp_path / "centre").model_copy(update={"mqtt": broker.settings(**words)})


@asynccontextmanager
async def at_work(dsn: str, tmp_path: Path, broker: Broker, **words: Any) -> AsyncIterator[None]:
    """A second process of the centre, as it were, which tells the broker."""
    async with running(configured(dsn, tmp_path / "second", broker, **words)):
        yield


async def with_a_unit(centre: Centre, tmp_path: Path) -> None:
    """A.1 has delivered a case, and says things of itself that nobody is to be told."""
    await filled(tmp_path / "unit", 1)
    async with await centre.let_in("A.1", SIGNER, tmp_path) as client:
        await client.log_in(b"")
        head = await client.entries(lines_of(tmp_path / "unit"))
        said = {"head": {"seq": head[0] + 2, "hash": "0" * 64}, "problems": {"AB000CD": "SECRET WORD"}}
        await client.status({**said, "free_bytes": 5 << 30, "software": "SECRET WORD"})


def announced(kept: dict[str, str], topic: str) -> dict[str, Any] | None:
    """What Home Assistant was told of the document at *topic*."""
    found = [json.loads(text) for name, text in kept.items() if name.startswith("homeassistant/device/")]
    return next((each for each in found if each["state_topic"] == topic), None)


async def test_units_and_centre_are_told_announced_and_say_nothing_of_a_case(
    centre: Centre, dsn: str, tmp_path: Path, broker: Broker
) -> None:
    await with_a_unit(centre, tmp_path)
    async with listening(broker) as heard:
        async with at_work(dsn, tmp_path, broker):
            said = await heard.document(UNIT, connected="ON", problem="OFF", entries_to_come=2)
            assert said["photos_to_come"] > 0 and said["free_mib"] == 5 << 10 and said["problems"] == []
            assert (await heard.document(CENTRE, units=1, silent=0))["alarms"] == 0
            await heard.until(lambda kept: kept.get(AVAILABLE) == "online")
            await centre.pool.execute(
                "UPDATE units SET status_at = now() - interval '1 hour', delivered_at = NULL,"
                " joined_at = now() - interval '1 day'"
            )
            await centre.pool.execute("INSERT INTO alarms (unit_id, kind, cause, seq) VALUES (1, 'fork', 'x', 7)")
            said = await heard.document(UNIT, connected="OFF", problem="ON", alarms=1)
            assert said["problems"] == ["alarm", "silent"]
            await heard.document(CENTRE, silent=1, alarms=1)
        await heard.until(lambda kept: kept.get(AVAILABLE) == "offline")
        of_unit, of_centre = announced(heard.kept, UNIT), announced(heard.kept, CENTRE)
    assert of_unit is not None and of_centre is not None
    assert of_unit["device"]["via_device"] == of_centre["device"]["identifiers"][0]
    for document, entities in ((said, of_unit), (json.loads(heard.kept[CENTRE]), of_centre)):
        assert set(entities["components"]) == set(document) - {"problems"}, (
            "an entity for each figure, and none without"
        )
        assert entities["availability_topic"] == AVAILABLE
        for field, entity in entities["components"].items():
            assert entity["value_template"] == f"{{{{ value_json.{field} }}}}" and entity["platform"], field
    assert not [word for word in (*OF_A_CASE, PASSWORD) if word in " ".join(heard.said)]


async def test_what_a_unit_that_is_gone_left_is_taken_away(
    centre: Centre, dsn: str, tmp_path: Path, broker: Broker
) -> None:
    """While the centre tells, and where it went while nobody did: what the broker kept is the only trace then."""
    await with_a_unit(centre, tmp_path)
    gone = lambda kept: UNIT not in kept and announced(kept, UNIT) is None  # noqa: E731 - one look at two places
    async with listening(broker) as heard:
        async with at_work(dsn, tmp_path, broker):
            await heard.document(UNIT)
            await centre.pool.execute("UPDATE units SET state = 'suspended'")
            await heard.until(gone)
            await centre.pool.execute("UPDATE units SET state = 'active'")
            await heard.until(lambda kept: UNIT in kept and announced(kept, UNIT))
        await centre.pool.execute("UPDATE units SET state = 'revoked'")
        async with at_work(dsn, tmp_path, broker):
            await heard.until(gone)
        assert CENTRE in heard.kept


async def test_a_broker_that_restarts_is_told_again(centre: Centre, dsn: str, tmp_path: Path, broker: Broker) -> None:
    await with_a_unit(centre, tmp_path)
    async with at_work(dsn, tmp_path, broker):
        async with listening(broker) as heard:
            await heard.document(UNIT)
        await broker.stop()
        (broker.folder / "mosquitto.db").unlink(missing_ok=True)
        await broker.start()
        async with listening(broker) as heard:
            await heard.document(UNIT)
            await heard.document(CENTRE, units=1)


async def test_a_centre_that_dies_is_offline_by_its_will(dsn: str, tmp_path: Path, broker: Broker) -> None:
    """Its process is killed: the broker says it."""
    asked = broker.settings()
    (tmp_path / "centre.toml").write_text(
        f'[centre]\nname = "test"\nstate_dir = "state"\n[database]\nurl = "{dsn}"\n[listen]\nport = 0\n'
        f'[metrics]\nport = 0\n[mqtt]\nhost = "127.0.0.1"\nport = {asked.port}\nuser = "{asked.user}"\n'
        f'password_file = "{asked.password_file}"\nauthority = "{asked.authority}"\n'
    )
    words = (sys.executable, "-P", "-m", "centre", "--config", str(tmp_path / "centre.toml"), "run")
    async with listening(broker) as heard:
        process = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.DEVNULL)
        try:
            await heard.until(lambda kept: kept.get(AVAILABLE) == "online")
        finally:
            process.kill()
            await process.wait()
        await heard.until(lambda kept: kept.get(AVAILABLE) == "offline")


async def test_a_database_that_is_away_is_told(tmp_path: Path, broker: Broker) -> None:
    async def look() -> Fleet:
        raise ConnectionRefusedError

    async with listening(broker) as heard:
        publisher = publisher_of(broker.settings(), "test", look)
        assert publisher is not None
        task = asyncio.create_task(publisher.run())
        assert await heard.document(CENTRE, problem="ON") == {"problem": "ON", "problems": ["database"]}
        await end(task)


async def test_a_publisher_ends_where_a_library_loses_the_cancellation(broker: Broker) -> None:
    """Libraries wait by ``asyncio.wait_for``; once in some fifty restarts of a broker the centre never stopped."""
    looking, lost = asyncio.Event(), 0

    async def look() -> Fleet:
        nonlocal lost
        looking.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            if lost > 0:
                raise
            lost += 1  # what it waited for came in this moment
        return Fleet({}, {})

    publisher = publisher_of(broker.settings(), "test", look)
    assert publisher is not None
    task = asyncio.create_task(publisher.run())
    async with asyncio.timeout(60):
        await looking.wait()
        await end(task)
    assert lost == 1 and task.done()


# paho-mqtt leaves the socket of a handshake that failed to the garbage collector, which closes it at once.
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
@pytest.mark.parametrize("fault", ["another password", "another authority"])
async def test_it_tells_nobody_it_does_not_know_and_no_password_in_the_log(
    dsn: str, tmp_path: Path, broker: Broker, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    other = tmp_path / "other"
    other.write_text("another password of the broker")
    other.chmod(0o600)
    if fault == "another authority":
        trustme.CA().cert_pem.write_to_path(str(other))
    words = {"password_file" if fault == "another password" else "authority": other}
    said = asyncio.Event()

    def notice(record: logging.LogRecord) -> bool:
        if "broker is away" in record.getMessage():
            said.set()
        return True

    caplog.handler.addFilter(notice)
    async with listening(broker) as heard:
        async with at_work(dsn, tmp_path, broker, **words), asyncio.timeout(60):
            await said.wait()
        assert heard.said == []
    assert PASSWORD not in caplog.text and "another password" not in caplog.text


def test_the_configuration_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "centre.toml"
    file.write_text('[mqtt]\nhost = "broker.example"\nuser = "a"\npassword_file = "nowhere"\n')
    assert main(["--config", str(file), "run", "--check"]) != 0
    assert "nowhere cannot be read" in capsys.readouterr().err
    with pytest.raises(SecretError, match="no certificate"):
        check(Settings(mqtt=MqttSettings(host="broker.example", authority=tmp_path / "nowhere.pem")))
    with pytest.raises(ValueError, match="on this machine"):
        MqttSettings(host="broker.example", security="none")
    with pytest.raises(ValueError, match="needs user"):
        MqttSettings(host="broker.example", password_file=file)
    for topic in ("+", "a/#", "/a", "$SYS", "a/"):
        with pytest.raises(ValueError, match="topic"):
            MqttSettings(topic=topic)


async def test_who_configures_it_without_the_extra_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiomqtt", None)
    with pytest.raises(EdgeError, match="aiomqtt") as failed:
        check(Settings(mqtt=MqttSettings(host="broker.example")))
    assert "pip install" in str(failed.value)
