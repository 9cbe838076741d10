"""The officer's language: messages, dates and numbers, fixed texts, foreign text made safe to show."""

from edge.viewer.text.language import _, day, full_day, moment, ngettext, number, percent, read_day, short_day, zoned
from edge.viewer.text.plain_text import describe, plain
from edge.viewer.text.told import told
from edge.viewer.text.words import (
    basis_words,
    event_words,
    flag_words,
    name_words,
    officers_words,
    order_words,
    other_plates_words,
    outcome_words,
    plausibility_words,
    reason_words,
    review_words,
    short_verdict_words,
    standing_words,
    verdict_words,
    waiting_words,
)

__all__ = [
    "_",
    "basis_words",
    "day",
    "describe",
    "event_words",
    "flag_words",
    "full_day",
    "moment",
    "name_words",
    "ngettext",
    "number",
    "officers_words",
    "order_words",
    "other_plates_words",
    "outcome_words",
    "percent",
    "plain",
    "plausibility_words",
    "read_day",
    "reason_words",
    "review_words",
    "short_day",
    "short_verdict_words",
    "standing_words",
    "told",
    "verdict_words",
    "waiting_words",
    "zoned",
]
