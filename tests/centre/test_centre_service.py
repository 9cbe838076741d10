"""The centre's certificates, and what it says on loopback."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import aiohttp.web
import pytest
from cryptography import x509

from centre.config import ListenSettings
from centre.service.metrics import Figures, monitoring
from centre.service.tls import RENEW_BEFORE, prepare
from edge.errors import SecretError
from tests.support.cases import SIGNER, filled
from tests.support.centre import Centre, lines_of


def test_a_centre_makes_its_own_authority_once(tmp_path: Path) -> None:
    first = prepare(ListenSettings(), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    prepare(ListenSettings(), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    for name in ("authority.key", "server.key"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    found = x509.load_pem_x509_certificate(first.certificate.read_bytes())
    assert found.not_valid_before_utc.year == 1970, "a unit without a clock logs in"
    authority = x509.load_pem_x509_certificate(first.authority.read_bytes())
    found.verify_directly_issued_by(authority)
    assert authority.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0


def test_other_names_or_an_end_that_is_near_make_a_new_certificate_of_the_same_authority(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = prepare(ListenSettings(), tmp_path)
    authority, certificate = first.authority.read_bytes(), first.certificate.read_bytes()
    renamed = prepare(ListenSettings(names=("centre.example", "::1")), tmp_path)
    assert renamed.authority.read_bytes() == authority
    names = x509.load_pem_x509_certificate(renamed.certificate.read_bytes()).extensions
    held = names.get_extension_for_class(x509.SubjectAlternativeName).value
    assert held.get_values_for_type(x509.DNSName) == ["centre.example"]
    monkeypatch.setattr("centre.service.tls.RENEW_BEFORE", timedelta(days=3700))
    assert prepare(ListenSettings(), tmp_path).certificate.read_bytes() != certificate
    assert timedelta(days=365) == RENEW_BEFORE


def test_a_certificate_without_its_key_is_one_sentence(tmp_path: Path) -> None:
    made = prepare(ListenSettings(), tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    stranger = prepare(ListenSettings(), other)
    asked = ListenSettings(certificate=made.certificate, key=stranger.key, authority=made.authority)
    with pytest.raises(SecretError, match="the certificate cannot be used"):
        prepare(asked, tmp_path)


@pytest.mark.parametrize("years", [-56, 1, 9])
def test_a_unit_with_a_wrong_clock_trusts_it(tmp_path: Path, years: int) -> None:
    """OpenSSL is told the time that the unit believes."""
    made = prepare(ListenSettings(), tmp_path)
    found = x509.load_pem_x509_certificate(made.certificate.read_bytes())
    believed = datetime.now(UTC) + timedelta(days=365 * years)
    assert found.not_valid_before_utc < max(believed, datetime(1970, 1, 2, tzinfo=UTC)) < found.not_valid_after_utc
    assert made.context().minimum_version is ssl.TLSVersion.TLSv1_2


async def test_health_and_metrics_say_how_the_fleet_is(centre: Centre, tmp_path: Path) -> None:
    await filled(tmp_path / "unit", 2)
    async with await centre.let_in("AVX-TEST", SIGNER, tmp_path) as client:
        await client.log_in(b"")
        await client.entries(lines_of(tmp_path / "unit", 0, 3))
        await client.status({"head": {"seq": 5, "hash": "0" * 64}})
    figures = Figures(centre.pool, silent_after_s=3600, certificate_end=datetime.now(UTC) + timedelta(days=90))
    assert await figures.problems() == {}
    text = (await figures.exposition()).decode()
    assert 'autovelox_centre_confirmed_entries{unit="AVX-TEST"} 3.0' in text
    assert 'autovelox_centre_lag_entries{unit="AVX-TEST"} 2.0' in text
    assert 'autovelox_centre_photos_missing{unit="AVX-TEST"} 2.0' in text
    await centre.pool.execute("UPDATE units SET status_at = now() - interval '2 hours', delivered_at = NULL")
    await centre.pool.execute("INSERT INTO alarms (unit_id, kind, cause) VALUES (1, 'fork', 'x')")
    ending = Figures(centre.pool, silent_after_s=3600, certificate_end=datetime.now(UTC) + timedelta(days=3))
    assert set(await ending.problems()) == {"certificate", "units", "alarms"}
    assert 'autovelox_centre_alarms_open{kind="fork"} 1.0' in (await ending.exposition()).decode()


async def test_health_is_503_when_something_is_wrong(centre: Centre) -> None:
    figures = Figures(centre.pool, silent_after_s=1, certificate_end=datetime.now(UTC) + timedelta(days=3))
    runner = aiohttp.web.AppRunner(monitoring(figures))
    await runner.setup()
    await aiohttp.web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        port = runner.addresses[0][1]
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/health") as found:
            assert found.status == 503
            assert (await found.json())["problems"].keys() == {"certificate"}
    finally:
        await runner.cleanup()
