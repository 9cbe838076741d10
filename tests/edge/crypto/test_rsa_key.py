"""RSA keys: what loads, and what is refused."""

from __future__ import annotations

import pytest
from Crypto.PublicKey import RSA

from edge.crypto import load_private_key, load_public_key, open_packet
from edge.crypto.rsa_key import KEY_BITS, generate_private_key
from edge.errors import SecretError
from tests.support.link import ANNA, sealed


def test_a_generated_key_loads_again_and_reports_its_progress() -> None:
    steps: list[None] = []
    key = generate_private_key(lambda: steps.append(None))
    assert key.size_in_bits() == KEY_BITS
    assert len(steps) > 2
    assert load_private_key(key.export_key("DER")) == key
    assert load_public_key(key.public_key().export_key().decode()) == key.public_key()


@pytest.mark.parametrize("larger_first", [True, False])
def test_private_keys_load_from_der_whichever_prime_comes_first(*, larger_first: bool) -> None:
    n, e, d, *primes = (int(getattr(ANNA.key, name)) for name in "nedpq")
    der = RSA.construct((n, e, d, *sorted(primes, reverse=larger_first))).export_key("DER")
    key = load_private_key(der)
    assert key.p < key.q
    assert key.p * key.u % key.q == 1
    assert key == ANNA.key
    assert open_packet(key, sealed()).plate == ANNA.plate


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"\x30",
        b"\x30\x80",
        b"\x30\x84\xff\xff\xff\xff",
        b"\x30\x03\x02\x01\x00",
        b"\x30\x03\x04\x01\x00",
        ANNA.der[:-1],
        ANNA.der + b"\0",
        ANNA.der[:-1] + bytes([ANNA.der[-1] ^ 2]),
        ANNA.key.public_key().export_key("DER"),
    ],
    ids=range(10),
)
def test_damaged_keys_are_refused(der: bytes) -> None:
    with pytest.raises(SecretError, match="damaged"):
        load_private_key(der)


def test_keys_whose_primes_do_not_make_the_modulus_are_refused() -> None:
    der = bytearray(ANNA.der)
    der[40] ^= 1  # inside the modulus
    with pytest.raises(SecretError):
        load_private_key(bytes(der))


def test_small_keys_are_refused() -> None:
    small = RSA.generate(2048)
    with pytest.raises(SecretError):
        load_private_key(small.export_key("DER"))
    with pytest.raises(SecretError, match="4096"):
        load_public_key(small.public_key().export_key().decode())


def test_a_private_key_is_no_chip_key() -> None:
    with pytest.raises(SecretError):
        load_public_key(ANNA.key.export_key().decode())
    with pytest.raises(SecretError, match="cannot be read"):
        load_public_key("rubbish")
