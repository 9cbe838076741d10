from __future__ import annotations

from collections.abc import Iterator

import pytest

from edge.crypto import opener
from edge.crypto.opener import PARSED_KEYS, OpenJob, open_batch
from edge.crypto.packet import Opened
from tests.support.link import ANNA, BRUNO, notation, sealed

SAYS = Opened(ANNA.plate, ANNA.licence)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    opener.parsed_key.cache_clear()
    yield
    opener.parsed_key.cache_clear()


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
    assert opener.parsed_key.cache_info()[:2] == (4, 1)  # hits, misses


def test_parsed_keys_have_a_cap_and_the_least_used_go_first() -> None:
    for number in range(PARSED_KEYS + 50):
        opener.parsed_key(notation(number))
    assert opener.parsed_key.cache_info().currsize == PARSED_KEYS
    assert open_batch([OpenJob(sealed(), notation(0), ANNA.licence)]) == [SAYS]
    assert opener.parsed_key.cache_info().currsize == PARSED_KEYS
