from __future__ import annotations

from collections.abc import Iterator

import pytest
from Crypto.Util.asn1 import DerSequence
from linkkit import ANNA, BRUNO, sealed

from edge.link import opener
from edge.link.opener import PARSED_KEYS, OpenJob, open_batch
from edge.link.packet import Opened

SAYS = Opened(ANNA.plate, ANNA.licence)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    opener._parsed_key.cache_clear()
    yield
    opener._parsed_key.cache_clear()


def test_every_packet_gets_an_answer_in_order() -> None:
    jobs = [
        OpenJob(sealed(), ANNA.der, ANNA.licence),
        OpenJob(sealed(), BRUNO.der, ANNA.licence),
        OpenJob(sealed(), ANNA.der, BRUNO.licence),
        OpenJob(sealed(), b"rubbish", ANNA.licence),
        OpenJob(sealed(), ANNA.der, ANNA.licence),
    ]
    assert open_batch(jobs) == [SAYS, "decrypt", "licence", "key", SAYS]


def test_a_key_is_parsed_once() -> None:
    open_batch([OpenJob(sealed(), ANNA.der, ANNA.licence)] * 5)
    assert opener._parsed_key.cache_info()[:2] == (4, 1)  # hits, misses


def test_parsed_keys_have_a_cap_and_the_least_used_go_first() -> None:
    """One key in as many notations: its last number is never read, so each of them is a key of its own to the cache."""
    numbers = list(DerSequence().decode(ANNA.der))
    for number in range(PARSED_KEYS + 50):
        opener._parsed_key(DerSequence([*numbers[:8], number]).encode())
    assert opener._parsed_key.cache_info().currsize == PARSED_KEYS
    oldest = DerSequence([*numbers[:8], 0]).encode()
    assert open_batch([OpenJob(sealed(), oldest, ANNA.licence)]) == [SAYS]
    assert opener._parsed_key.cache_info().currsize == PARSED_KEYS
