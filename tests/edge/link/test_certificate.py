"""What is said about a certificate before the unit runs with it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import trustme

from edge.cli import main
from edge.config import Settings
from edge.doctor import parts
from edge.doctor.finding import Health
from edge.errors import SecretError
from edge.link.tls import advice
from tests.support.link import ANNA


@pytest.fixture
def rsa(tmp_path: Path) -> tuple[Path, Path]:
    key, certificate = tmp_path / "rsa.key", tmp_path / "rsa.pem"
    key.write_bytes(ANNA.key.export_key())
    command = ["openssl", "req", "-x509", "-key", key, "-out", certificate, "-days", "2", "-subj", "/CN=unit"]
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
    path = files[0].parent / "unit.toml"
    path.write_text(
        f'[radar]\npin_means = "motion"\n[link]\ntls_certificate = "{files[0].name}"\ntls_key = "{files[1].name}"\n'
    )
    return str(path)


def test_an_ec_certificate_is_asked_for(rsa: tuple[Path, Path], ec: tuple[Path, Path]) -> None:
    slow = advice(rsa[0])
    assert slow is not None
    assert "RSA key of 4096 bits" in slow[0]
    assert "EC key" in slow[1]
    assert advice(ec[0]) is None


def test_what_is_no_certificate(tmp_path: Path) -> None:
    path = tmp_path / "rubbish.pem"
    for text in ("rubbish", "", "-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----"):
        path.write_text(text)
        with pytest.raises(SecretError, match="holds no certificate"):
            advice(path)
    with pytest.raises(SecretError, match="cannot be read"):
        advice(tmp_path / "none.pem")


def test_the_doctor_asks_for_it(rsa: tuple[Path, Path], ec: tuple[Path, Path]) -> None:
    (finding,) = parts.certificate(settings(rsa))
    assert finding.health is Health.WARNING
    assert "EC key" in finding.remedy
    (finding,) = parts.certificate(settings(ec))
    assert finding.health is Health.GOOD
    (finding,) = parts.certificate(Settings())
    assert finding.health is Health.WARNING
    assert "EC key" in finding.remedy
    with pytest.raises(SecretError, match="belong together"):
        list(parts.certificate(settings((ec[0], rsa[1]))))


def test_the_check_of_the_configuration_asks_for_it(
    rsa: tuple[Path, Path], ec: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--check", "--config", config(rsa)]) == 0
    assert "EC key" in capsys.readouterr().err
    assert main(["run", "--check", "--config", config(ec)]) == 0
    assert capsys.readouterr().err == ""
    ec[0].unlink()
    assert main(["run", "--check", "--config", config(ec)]) == 0
    assert "cannot be read" in capsys.readouterr().err
