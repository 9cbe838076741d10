from __future__ import annotations

import logging

import pytest

from edge.link.strangers import Seldom


def test_one_line_a_second_which_says_how_many_were_left_out(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    log = logging.getLogger("test.seldom")
    log.addFilter(Seldom(lambda: now))
    with caplog.at_level(logging.INFO):
        for number in range(25):
            now = number / 10
            log.info("fault %d", number)
    assert [record.getMessage() for record in caplog.records] == [
        "fault 0",
        "fault 10 (9 more lines of this kind were left out)",
        "fault 20 (9 more lines of this kind were left out)",
    ]
