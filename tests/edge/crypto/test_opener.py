from __future__ import annotations

from edge.crypto.opener import OpenJob, open_batch
from edge.crypto.packet import Opened
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
