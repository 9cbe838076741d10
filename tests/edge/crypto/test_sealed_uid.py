"""The uid is sealed to the registry, each time otherwise."""

from __future__ import annotations

import pytest

from edge.crypto.opener import SealedKey, unseal_uids
from edge.crypto.sealed_uid import SEALED_UID_BYTES, new_registry_key, registry_public_key, seal_uid, unseal_uid
from edge.crypto.sealing import seal_secret
from edge.errors import LinkError, PacketError
from edge.model import Packet, Rejection
from tests.support.link import ANNA

NONCE = "0" * 32
PRIVATE, PUBLIC = new_registry_key()


def reason(private: bytes, sealed: bytes, nonce: str = NONCE) -> Rejection:
    with pytest.raises(PacketError) as caught:
        unseal_uid(private, sealed, nonce)
    return caught.value.reason


def test_it_is_another_text_each_time_and_of_one_length() -> None:
    sealed = [seal_uid(PUBLIC, uid, 7, NONCE) for uid in (ANNA.uid, ANNA.uid, "x", "y" * 64)]
    assert {len(each) for each in sealed} == {SEALED_UID_BYTES}
    assert len(set(sealed)) == 4
    blocks = [{each[at : at + 8] for at in range(0, SEALED_UID_BYTES, 8)} for each in sealed]
    assert not blocks[0] & blocks[1]
    assert [unseal_uid(PRIVATE, each, NONCE) for each in sealed] == [
        (uid, 7) for uid in (ANNA.uid, ANNA.uid, "x", "y" * 64)
    ]


def test_it_opens_for_its_challenge_and_its_registry_only() -> None:
    sealed = seal_uid(PUBLIC, ANNA.uid, 7, NONCE)
    assert reason(PRIVATE, sealed, "1" * 32) is Rejection.SEALED_UID
    assert reason(new_registry_key()[0], sealed) is Rejection.SEALED_UID
    for at in range(0, len(sealed), 7):
        flipped = bytes([*sealed[:at], sealed[at] ^ 1, *sealed[at + 1 :]])
        assert reason(PRIVATE, flipped) is Rejection.SEALED_UID


@pytest.mark.parametrize("rubbish", [b"", b"\0" * 112, bytes(range(112)), b"\xff" * 112, b"\0" * 33], ids=range(5))
def test_rubbish_is_rejected(rubbish: bytes) -> None:
    assert reason(PRIVATE, rubbish) is Rejection.SEALED_UID


@pytest.mark.parametrize("uid", ["", "a b", "x" * 65, "è"])
def test_what_is_no_uid_is_not_sent(uid: str) -> None:
    with pytest.raises(LinkError):
        seal_uid(PUBLIC, uid, 7, NONCE)


@pytest.mark.parametrize("counter", [0, -1, 2**53])
def test_what_is_no_counter_is_not_sent(counter: int) -> None:
    with pytest.raises(LinkError):
        seal_uid(PUBLIC, ANNA.uid, counter, NONCE)


def test_a_registry_key_that_is_none() -> None:
    with pytest.raises(LinkError, match="is none"):
        seal_uid(b"\0" * 32, ANNA.uid, 7, NONCE)


def test_the_private_half_is_unsealed_where_it_is_used() -> None:
    assert registry_public_key(PRIVATE) == PUBLIC
    sealed = seal_uid(PUBLIC, ANNA.uid, 7, NONCE)
    packets = [Packet("", b"", nonce, 0, 0.0, 0, version=2, sealed_uid=sealed) for nonce in (NONCE, "1" * 32)]
    private = SealedKey(seal_secret(bytes(32), PRIVATE, "test"), bytes(32), "test")
    assert unseal_uids(packets, private) == [(ANNA.uid, 7), Rejection.SEALED_UID]
    assert unseal_uids(packets, private._replace(context="other")) == [Rejection.DAMAGED_KEY] * 2
