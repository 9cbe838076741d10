from __future__ import annotations

import pytest

from edge.crypto import opener
from edge.crypto.opener import OpenJob, open_batch
from edge.crypto.packet import Opened
from edge.crypto.rsa_key import load_private_key
from tests.support.link import ANNA, BRUNO, sealed, sealed_key

SAYS = Opened(ANNA.plate, ANNA.licence)


def test_every_packet_gets_an_answer_in_order() -> None:
    jobs = [
        OpenJob(sealed(), ANNA.private, ANNA.licence),
        OpenJob(sealed(), BRUNO.private, ANNA.licence),
        OpenJob(sealed(), ANNA.private, BRUNO.licence),
        OpenJob(sealed(), sealed_key(b"rubbish"), ANNA.licence),
        OpenJob(sealed(), ANNA.private._replace(key=bytes(31) + b"1"), ANNA.licence),
        OpenJob(sealed(), ANNA.private._replace(context="another chip"), ANNA.licence),
        OpenJob(sealed(), ANNA.private, ANNA.licence),
    ]
    assert open_batch(jobs) == [SAYS, "decrypt", "licence", "key", "key", "key", SAYS]


def test_a_key_is_loaded_once_a_batch_and_never_kept_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[bytes] = []

    def load(der: bytes) -> object:
        loaded.append(der)
        return load_private_key(der)

    monkeypatch.setattr(opener, "load_private_key", load)
    jobs = [OpenJob(sealed(), ANNA.private, ANNA.licence)] * 3
    assert open_batch(jobs) == [SAYS] * 3 and len(loaded) == 1
    assert open_batch(jobs) == [SAYS] * 3 and len(loaded) == 2
