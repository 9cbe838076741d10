"""What is said about a certificate before the unit runs with it."""

from __future__ import annotations

import hashlib
import ssl
import subprocess
import time
from pathlib import Path

import pytest
import trustme

from edge.cli import main
from edge.config import LinkSettings, Settings
from edge.doctor import parts
from edge.doctor.finding import Grade
from edge.errors import SecretError
from edge.link.certificate import DAY_S, RENEW_DAYS, Certificate, advice, end_problem, read_certificate
from edge.link.mailbox import Mailbox
from edge.link.server import LinkServer
from tests.support.link import ANNA
from tests.support.unit_files import write_settings


@pytest.fixture
def rsa(tmp_path: Path) -> tuple[Path, Path]:
    key, certificate = tmp_path / "rsa.key", tmp_path / "rsa.pem"
    key.write_bytes(ANNA.key.export_key())
    command = ["openssl", "req", "-x509", "-key", key, "-out", certificate, "-days", "400", "-subj", "/CN=unit"]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


@pytest.fixture
def ec(tmp_path: Path) -> tuple[Path, Path]:
    key, certificate = tmp_path / "ec.key", tmp_path / "ec.pem"
    leaf = trustme.CA().issue_cert("unit.example", key_type=trustme.KeyType.ECDSA)
    leaf.private_key_pem.write_to_path(str(key))
    for part in leaf.cert_chain_pems:
        part.write_to_path(str(certificate), append=True)
    return certificate, key


def settings(files: tuple[Path, Path]) -> Settings:
    return Settings.model_validate({"link": {"tls_certificate": files[0], "tls_key": files[1]}})


def config(files: tuple[Path, Path]) -> str:
    lines = f'tls_certificate = "{files[0].name}"\ntls_key = "{files[1].name}"'
    return str(write_settings(files[0].parent, {"link": lines}))


def test_an_ec_certificate_is_asked_for(rsa: tuple[Path, Path], ec: tuple[Path, Path]) -> None:
    ((cause, remedy),) = advice(read_certificate(rsa[0]), 0.0)
    assert "RSA key of 4096 bits" in cause
    assert "EC key" in remedy
    assert advice(read_certificate(ec[0]), 0.0) == ()


def end_as_openssl_says(certificate: Path) -> float:
    command = ["openssl", "x509", "-in", str(certificate), "-noout", "-enddate"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(ssl.cert_time_to_seconds(said.strip().removeprefix("notAfter=")))


@pytest.mark.parametrize("days", [1, 400, 20_000], ids=["tomorrow", "next year", "after 2050"])
def test_its_end_is_that_which_openssl_says(days: int, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    files = ["-keyout", str(key), "-out", str(certificate), "-days", str(days), "-subj", "/CN=unit"]
    subprocess.run([*command, *files], check=True, capture_output=True)
    found = read_certificate(certificate)
    assert found[:2] == Certificate(None, end_as_openssl_says(certificate))[:2]
    assert found.sha256 == hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.read_text())).hexdigest()


def test_the_end_is_a_problem_before_it_comes() -> None:
    certificate = Certificate(None, 100 * DAY_S)
    assert end_problem(certificate, (100 - RENEW_DAYS) * DAY_S) is None
    soon, late = (end_problem(certificate, day * DAY_S) for day in (95, 103))
    assert soon is not None and "ends in 5 days" in soon[0]
    assert late is not None and "ended 3 days ago" in late[0]
    assert advice(certificate._replace(rsa_bits=4096), 95 * DAY_S)[0] == soon


def test_what_is_no_certificate(tmp_path: Path, ec: tuple[Path, Path]) -> None:
    path = tmp_path / "rubbish.pem"
    whole = ec[0].read_text()
    begin, end = "-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----"
    for text in (
        "rubbish",
        "",
        f"{end}\n{begin}",
        f"{begin}{end}",
        f"{begin}AAAA\n{end}",
        whole[:300] + "\n" + end,
        "é",
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(SecretError, match="holds no certificate"):
            read_certificate(path)
    with pytest.raises(SecretError, match="cannot be read"):
        read_certificate(tmp_path / "none.pem")


async def test_the_link_tells_of_its_end(ec: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    server = LinkServer(LinkSettings(port=0, tls_certificate=ec[0], tls_key=ec[1]), Mailbox(10, 60, 4))
    await server.start()
    try:
        end = end_as_openssl_says(ec[0])
        assert server.certificate_end_utc == end
        now = time.time()
        if now < end - RENEW_DAYS * DAY_S:
            assert server.problem() is None
        monkeypatch.setattr(time, "time", lambda: end + 3 * DAY_S)
        assert "ended 3 days ago" in (server.problem() or "")
    finally:
        await server.stop()


def test_the_doctor_asks_for_it(rsa: tuple[Path, Path], ec: tuple[Path, Path]) -> None:
    (finding,) = parts.certificate(settings(rsa))
    assert finding.health is Grade.WARNING
    assert "EC key" in finding.remedy
    (finding,) = parts.certificate(settings(ec))
    assert finding.health is Grade.GOOD
    (finding,) = parts.certificate(Settings())
    assert finding.health is Grade.WARNING
    assert "EC key" in finding.remedy
    with pytest.raises(SecretError, match="belong together"):
        list(parts.certificate(settings((ec[0], rsa[1]))))


def test_the_check_of_the_configuration_asks_for_it(
    rsa: tuple[Path, Path], ec: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--check=configuration", "--config", config(rsa)]) == 0
    assert "EC key" in capsys.readouterr().err
    assert main(["run", "--check=configuration", "--config", config(ec)]) == 0
    assert capsys.readouterr().err == ""
    ec[0].unlink()
    assert main(["run", "--check=configuration", "--config", config(ec)]) == 0
    assert "cannot be read" in capsys.readouterr().err
