"""The signatures of entries, as the centre checks them: no less strict than the check of every package."""

from __future__ import annotations

import pytest

from centre.delivery.chain import check
from edge.cases.evidence import DOMAIN, Mismatch, Signature, Signer, check_signatures

SIGNER = Signer(bytes(range(32)))
MESSAGE = DOMAIN + b'{"seq":7}'
SMALL_ORDER = (
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
)
"""Public keys of order 1, 2, 4 and 8: RFC 8032 does not forbid them, and with the first any message is signed."""


def refused(public_key: bytes, message: bytes, signature: bytes) -> None:
    with pytest.raises(Mismatch, match="the signature of entry 7 is wrong") as found:
        check([Signature(7, public_key, message, signature)])
    assert found.value.entry == 7


def test_what_a_unit_signs_holds_here_and_in_a_package() -> None:
    for number in range(20):
        message = MESSAGE + bytes(number)
        signed = [Signature(7, SIGNER.public_key, message, SIGNER.sign(message))]
        check(signed)
        check_signatures(signed)


def test_a_bit_that_differs_is_a_wrong_signature() -> None:
    signature = SIGNER.sign(MESSAGE)
    for place in range(len(signature)):
        for bit in (1, 128):
            altered = bytearray(signature)
            altered[place] ^= bit
            refused(SIGNER.public_key, MESSAGE, bytes(altered))
    refused(SIGNER.public_key, MESSAGE + b" ", signature)
    refused(Signer(bytes(32)).public_key, MESSAGE, signature)


@pytest.mark.parametrize("length", [0, 1, 63, 65, 128])
def test_a_signature_of_another_length_is_wrong(length: int) -> None:
    """Also where a part of it would be taken for the message."""
    refused(SIGNER.public_key, MESSAGE, (SIGNER.sign(MESSAGE) + MESSAGE * 4)[:length])


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_key_of_another_length_signs_nothing(length: int) -> None:
    refused((SIGNER.public_key * 2)[:length], MESSAGE, SIGNER.sign(MESSAGE))


@pytest.mark.parametrize("key", SMALL_ORDER)
def test_a_key_with_which_every_message_is_signed_signs_nothing(key: str) -> None:
    """Whoever introduced it could say later that others wrote its entries, and they could."""
    public_key = bytes.fromhex(key)
    for point in (*map(bytes.fromhex, SMALL_ORDER), public_key):
        refused(public_key, MESSAGE, point + bytes(32))


def test_a_signature_that_was_made_again_from_another_is_wrong() -> None:
    """Its second half plus the group's order satisfies the same equation (RFC 8032, 5.1.7: it has to be refused)."""
    order = 2**252 + 27742317777372353535851937790883648493
    signature = SIGNER.sign(MESSAGE)
    second = int.from_bytes(signature[32:], "little") + order
    refused(SIGNER.public_key, MESSAGE, signature[:32] + second.to_bytes(32, "little"))
