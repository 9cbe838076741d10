"""The signing half of a chip, and what it signs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from edge.crypto.chip_key import check_request, counter_file, load_chip_key, make_request, save_chip_key
from edge.crypto.chip_signature import is_chips, packet_message
from edge.errors import SecretError
from tests.support.link import ANNA, BRUNO

FACTS = {
    "unit": "AVX-0042",
    "endpoint": "ab" * 32,
    "nonce": "0" * 32,
    "timestamp": 1_767_225_600,
    "counter": 7,
    "sealed_uid": b"u" * 112,
    "payload": b"p" * 512,
}


def test_a_signature_is_for_one_packet_only(tmp_path: Path) -> None:
    key = save_chip_key(tmp_path / "anna.key", ANNA.key)
    signature = key.sign(packet_message(**FACTS))  # type: ignore[arg-type]
    assert is_chips(key.verify_key, packet_message(**FACTS), signature)  # type: ignore[arg-type]
    others = ("AVX-0043", "cd" * 32, "1" * 32, 1_767_225_601, 8, b"v" * 112, b"q" * 512)
    for name, other in zip(FACTS, others, strict=True):
        assert not is_chips(key.verify_key, packet_message(**{**FACTS, name: other}), signature), name  # type: ignore[arg-type]
    assert not is_chips(BRUNO.key.public_key().export_key("DER"), packet_message(**FACTS), signature)  # type: ignore[arg-type]
    assert not is_chips(b"no key", packet_message(**FACTS), signature)  # type: ignore[arg-type]
    assert not is_chips(key.verify_key, packet_message(**FACTS), b"short")  # type: ignore[arg-type]


def test_openssl_verifies_what_a_chip_signs(tmp_path: Path) -> None:
    """Another implementation agrees about padding, hashes and the length of the salt."""
    key = save_chip_key(tmp_path / "anna.key", ANNA.key)
    (tmp_path / "message").write_bytes(packet_message(**FACTS))  # type: ignore[arg-type]
    (tmp_path / "signature").write_bytes(key.sign(packet_message(**FACTS)))  # type: ignore[arg-type]
    (tmp_path / "public.pem").write_bytes(ANNA.key.public_key().export_key())
    options = ("rsa_padding_mode:pss", "rsa_pss_saltlen:32", "rsa_mgf1_md:sha256")
    command = ["openssl", "dgst", "-sha256", "-verify", "public.pem", "-signature", "signature"]
    for option in options:
        command += ["-sigopt", option]
    done = subprocess.run([*command, "message"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "Verified OK"


def test_the_key_is_its_owners_alone_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "anna.key"
    save_chip_key(path, ANNA.key)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_chip_key(path).verify_key == ANNA.key.public_key().export_key("DER")
    with pytest.raises(SecretError, match="never overwritten"):
        save_chip_key(path, BRUNO.key)
    path.chmod(0o640)
    with pytest.raises(SecretError, match="may be read by others"):
        load_chip_key(path)


@pytest.mark.parametrize(
    "text", [b"", b"rubbish", ANNA.key.public_key().export_key()], ids=["empty", "rubbish", "public"]
)
def test_what_is_no_signing_key(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(text)
    path.chmod(0o600)
    with pytest.raises(SecretError):
        load_chip_key(path)
    with pytest.raises(SecretError, match="cannot be read"):
        load_chip_key(tmp_path / "none")


def test_the_counter_only_rises_also_over_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "anna.key"
    key = save_chip_key(path, ANNA.key)
    assert [key.next_counter() for _ in range(3)] == [1, 2, 3]
    assert load_chip_key(path).next_counter() == 4
    assert counter_file(path).stat().st_mode & 0o777 == 0o600


def test_two_programs_with_one_chip_never_get_the_same_number(tmp_path: Path) -> None:
    path = tmp_path / "anna.key"
    save_chip_key(path, ANNA.key)
    program = (
        "import sys; from pathlib import Path; from edge.crypto import load_chip_key\n"
        "key = load_chip_key(Path(sys.argv[1]))\n"
        "print(*(key.next_counter() for _ in range(20)))"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    numbers = [int(number) for each in running for number in each.communicate(timeout=60)[0].split()]
    assert sorted(numbers) == list(range(1, 61))


@pytest.mark.parametrize("text", ["", "x", "-3", str(2**53)])
def test_a_damaged_counter_is_said_and_never_begun_anew(tmp_path: Path, text: str) -> None:
    path = tmp_path / "anna.key"
    key = save_chip_key(path, ANNA.key)
    counter_file(path).write_text(text)
    with pytest.raises(SecretError, match="have the chip replaced"):
        key.next_counter()
    assert counter_file(path).read_text() == text


def test_without_the_counter_on_the_disk_there_is_no_number(tmp_path: Path) -> None:
    key = save_chip_key(tmp_path / "anna.key", ANNA.key)
    (tmp_path / "anna.key.counter.new").mkdir()  # where the next number would be written
    with pytest.raises(SecretError, match="cannot be kept"):
        key.next_counter()


def test_a_chip_proves_that_it_has_the_key(tmp_path: Path) -> None:
    key = save_chip_key(tmp_path / "anna.key", ANNA.key)
    request = make_request(key, ANNA.licence)
    assert check_request(request, ANNA.licence) == key.verify_key
    with pytest.raises(SecretError, match="does not prove"):
        check_request(request, BRUNO.licence)


def test_nobody_enrols_the_key_of_another(tmp_path: Path) -> None:
    """A verify key is public: without the private half it is nobody's to enrol."""
    anna, bruno = (save_chip_key(tmp_path / each.licence, each.key) for each in (ANNA, BRUNO))
    hers, his = (json.loads(make_request(key, BRUNO.licence)) for key in (anna, bruno))
    with pytest.raises(SecretError, match="does not prove"):
        check_request(json.dumps({**his, "verify_key": hers["verify_key"]}).encode(), BRUNO.licence)


@pytest.mark.parametrize("text", [b"", b"[]", b'{"format": "autovelox-chip-request/1"}', b"[" * 10_000], ids=range(4))
def test_what_is_no_request(text: bytes) -> None:
    with pytest.raises(SecretError, match="not the request of a chip"):
        check_request(text, ANNA.licence)
