"""A chip in a PKCS#11 token: the key is made in it and stays there, the counter only rises, the PIN is nowhere."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.cli import main
from edge.crypto import check_request, is_chips, make_request, open_token, read_token_uri, save_chip, save_chip_key
from edge.crypto.sealed_uid import MAX_COUNTER
from edge.crypto.token_chip import APPLICATION
from edge.crypto.token_uri import PIN_VARIABLE
from edge.errors import SecretError
from tests.support.link import ANNA, BRUNO
from tests.support.token import PIN, SoftToken, module, needs_token, token_of_process

pytestmark = needs_token


@pytest.fixture(scope="module")
def token() -> Iterator[SoftToken]:
    """A token with one chip, whose key takes seconds to make."""
    with token_of_process() as made:
        with open_token(read_token_uri(made.uri())) as chip:
            chip.make_key()
        yield made


def raw(token: SoftToken) -> Any:
    """A session of the library itself, beside ours."""
    import pkcs11

    return pkcs11.lib(str(module())).get_token(token_label=token.label).open(rw=True, user_pin=PIN)


def test_what_the_token_signs_verifies_and_it_proves_that_it_has_the_key(token: SoftToken) -> None:
    with open_token(read_token_uri(token.uri())) as chip:
        assert is_chips(chip.verify_key, b"a packet", chip.sign(b"a packet"))
        assert not is_chips(chip.verify_key, b"another", chip.sign(b"a packet"))
        request = make_request(chip, ANNA.licence)
        assert check_request(request, ANNA.licence) == chip.verify_key
    with pytest.raises(SecretError, match="does not prove"):
        check_request(request, BRUNO.licence)


def test_the_private_half_does_not_leave_the_token(token: SoftToken) -> None:
    """Neither by reading it, nor by letting it leave, nor wrapped; nor does it decrypt for anybody."""
    import pkcs11
    from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass

    with raw(token) as session:
        (key,) = session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY})
        for secret in (Attribute.PRIVATE_EXPONENT, Attribute.PRIME_1, Attribute.PRIME_2):
            with pytest.raises(pkcs11.AttributeSensitive):
                key[secret]
        for change in ({Attribute.EXTRACTABLE: True}, {Attribute.SENSITIVE: False}):
            with pytest.raises(pkcs11.PKCS11Error):
                for name, value in change.items():
                    key[name] = value
        wrapping = session.generate_key(KeyType.AES, 256, template={Attribute.WRAP: True})
        with pytest.raises(pkcs11.PKCS11Error):
            wrapping.wrap_key(key, mechanism=Mechanism.AES_KEY_WRAP_PAD)
        assert not key[Attribute.DECRYPT] and not key[Attribute.UNWRAP]
    octets = b"".join(path.read_bytes() for path in (token.folder / "tokens").rglob("*") if path.is_file())
    assert b"PRIVATE KEY" not in octets


def test_the_counter_only_rises_also_over_a_restart(token: SoftToken) -> None:
    with open_token(read_token_uri(token.uri())) as chip:
        first = chip.next_counter()
        assert [chip.next_counter() for _ in range(3)] == [first + 1, first + 2, first + 3]
    with open_token(read_token_uri(token.uri())) as chip:
        assert chip.next_counter() == first + 4


def test_programs_with_one_token_never_get_the_same_number(token: SoftToken) -> None:
    program = (
        "import sys; from edge.crypto import open_token, read_token_uri\n"
        "sys.modules['edge.crypto.token_session'].LOCK_WAIT_S = 120\n"
        "with open_token(read_token_uri(sys.argv[1])) as chip:\n"
        "    print(*(chip.next_counter() for _ in range(20)))"
    )
    command = [sys.executable, "-c", program, token.uri()]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    numbers = [int(number) for each in running for number in each.communicate(timeout=170)[0].split()]
    assert len(set(numbers)) == len(numbers) == 60
    assert max(numbers) - min(numbers) == 59


def counters(session: Any, name: str) -> list[Any]:
    from pkcs11 import Attribute, ObjectClass

    label = {Attribute.LABEL: f"{name} counter", Attribute.APPLICATION: APPLICATION}
    return list(session.get_objects({Attribute.CLASS: ObjectClass.DATA, **label}))


def put(session: Any, name: str, value: bytes) -> None:
    from pkcs11 import Attribute, ObjectClass

    label = {Attribute.LABEL: f"{name} counter", Attribute.APPLICATION: APPLICATION}
    kind = {Attribute.CLASS: ObjectClass.DATA, Attribute.TOKEN: True, Attribute.PRIVATE: True}
    session.create_object({**kind, **label, Attribute.VALUE: value})


def test_a_number_that_was_written_before_a_power_cut_is_not_given_again(token: SoftToken) -> None:
    """The new object is there, the old one is not removed yet: the larger one counts, and one is left."""
    with open_token(read_token_uri(token.uri())) as chip:
        number = chip.next_counter()
    with raw(token) as session:
        put(session, "autovelox", str(number + 7).encode())
    with open_token(read_token_uri(token.uri())) as chip:
        assert chip.next_counter() == number + 8
    with raw(token) as session:
        assert len(counters(session, "autovelox")) == 1


@pytest.mark.parametrize("value", [None, b"", b"x", b"-3", str(MAX_COUNTER).encode(), b"9" * 40], ids=str)
def test_a_counter_that_is_damaged_or_gone_is_never_begun_anew(token: SoftToken, value: bytes | None) -> None:
    with raw(token) as session:
        for old in counters(session, "other"):
            old.destroy()
        if value is not None:
            put(session, "other", value)
    damaged = pytest.raises(SecretError, match="counter in the token is damaged: have the chip replaced")
    with open_token(read_token_uri(token.uri(object="other"))) as chip, damaged:
        chip.next_counter()


def test_the_chip_is_kept_in_the_token_once_and_shown_to_who_has_the_pin_alone(token: SoftToken) -> None:
    import pkcs11
    from pkcs11 import Attribute

    with open_token(read_token_uri(token.uri())) as chip:
        with pytest.raises(SecretError, match="autovelox chip store"):
            chip.chip()
        chip.store(ANNA.chip)
        assert chip.chip() == ANNA.chip
        with pytest.raises(SecretError, match="already"):
            chip.store(BRUNO.chip)
        with pytest.raises(SecretError, match="already"):
            chip.make_key()
    with pkcs11.lib(str(module())).get_token(token_label=token.label).open() as stranger:
        assert not list(stranger.get_objects({Attribute.APPLICATION: APPLICATION}))
    octets = b"".join(path.read_bytes() for path in (token.folder / "tokens").rglob("*") if path.is_file())
    assert ANNA.uid.encode() not in octets, "the token encrypts what is private"


def test_a_key_that_was_made_elsewhere_is_no_chips(token: SoftToken) -> None:
    """It could be elsewhere still, as could one that may be taken out."""
    from pkcs11 import Attribute, KeyType
    from pkcs11.util.rsa import decode_rsa_private_key

    with raw(token) as session:
        own = {Attribute.TOKEN: True, Attribute.LABEL: "imported", Attribute.SIGN: True}
        session.create_object({**decode_rsa_private_key(ANNA.key.export_key("DER")), **own})
        session.generate_keypair(
            KeyType.RSA, 2048, label="short", store=True, private_template={Attribute.EXTRACTABLE: False}
        )
        session.generate_keypair(
            KeyType.RSA, 2048, label="leaves", store=True, private_template={Attribute.EXTRACTABLE: True}
        )
    said = {"imported": "not made in the token", "leaves": "may leave it", "short": "none of 4096 bits"}
    for name, why in {**said, "none": "holds no signing key"}.items():
        with open_token(read_token_uri(token.uri(object=name))) as chip, pytest.raises(SecretError, match=why):
            chip.sign(b"a packet")


def test_what_the_token_does_not_take_is_said_without_the_pin(token: SoftToken, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("918273\n")
    wrong.chmod(0o600)
    uris = {
        token.uri(pin_file=wrong): "does not take the PIN",
        token.uri().replace("token=ada", "token=bob"): "no such token",
        token.uri().replace("token=ada", "token=ada;serial=00"): "no such token",
        token.uri().replace(str(module()), str(wrong)): "no PKCS#11 library",
        token.uri().replace(str(module()), "/nowhere.so"): "no PKCS#11 library",
    }
    for uri, why in uris.items():
        with pytest.raises(SecretError, match=why) as raised, open_token(read_token_uri(uri)):
            pass
        assert "918273" not in str(raised.value) and PIN not in str(raised.value)
        assert raised.value.__cause__ is None and raised.value.__suppress_context__


def test_the_pin_comes_from_a_file_of_ones_own_or_the_environment(token: SoftToken, tmp_path: Path) -> None:
    uri = read_token_uri(token.uri().partition("&pin-source")[0])
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv(PIN_VARIABLE, raising=False)
        with pytest.raises(SecretError, match="needs its PIN"), open_token(uri):
            pass
        environment.setenv(PIN_VARIABLE, PIN)
        with open_token(uri) as chip:
            assert chip.verify_key
            assert PIN not in repr(chip) and PIN not in repr(uri)
    for text, mode, why in ((PIN, 0o644, "read by others"), ("", 0o600, "one PIN"), (f"{PIN}\n1", 0o600, "one PIN")):
        file = tmp_path / "pin"
        file.write_text(text)
        file.chmod(mode)
        with pytest.raises(SecretError, match=why), open_token(read_token_uri(token.uri(pin_file=file))):
            pass
    with pytest.raises(SecretError, match="cannot be read"):
        read_token_uri(token.uri(pin_file=tmp_path / "none")).pin()


def test_the_commands_make_a_chip_in_a_token(
    token: SoftToken, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    uri, request, chip_file = token.uri(object="anna"), tmp_path / "anna.request", tmp_path / "anna.chip"
    ask = ["chip", "request", "--licence", ANNA.licence, "--token", uri, "--out"]
    assert main([*ask, str(request)]) == 0
    assert main([*ask, str(tmp_path / "again")]) == 0, "a request that got lost is made again, with the same key"
    keys = {check_request(path.read_bytes(), ANNA.licence) for path in (request, tmp_path / "again")}
    assert len(keys) == 1
    save_chip(ANNA.chip, chip_file)
    assert main(["chip", "store", str(chip_file), "--token", uri]) == 0
    with open_token(read_token_uri(uri)) as chip:
        assert (chip.chip(), {chip.verify_key}) == (ANNA.chip, keys)
    save_chip_key(tmp_path / "key", ANNA.key)
    drive = ["car", "--url", "http://127.0.0.1:1", "--chip", uri, "--plate", ANNA.plate]
    assert main([*drive, "--signing-key", str(tmp_path / "key")]) != 0
    assert main(drive) != 0
    said = capsys.readouterr()
    assert "leave --signing-key" in said.err and "give --authority" in said.err
    assert PIN not in said.err + said.out and ANNA.uid not in said.err + said.out


def test_without_the_library_for_tokens_a_car_says_what_to_install(token: SoftToken, tmp_path: Path) -> None:
    (tmp_path / "pkcs11.py").write_text("raise ImportError")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    words = ["car", "--url", "https://u.example", "--plate", ANNA.plate, "--chip", token.uri()]
    done = subprocess.run(
        [sys.executable, "-m", "edge", *words], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == SecretError.exit_code and "install autovelox with its extra pkcs11" in done.stderr
