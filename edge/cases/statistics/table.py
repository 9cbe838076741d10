"""A unit's statistics as lines of text, in the language of :mod:`edge.cases.report.language`. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edge.cases.report.language import _, number
from edge.cases.report.words import officer_did
from edge.cases.statistics.counts import BIN, Statistics
from edge.cases.statistics.weekdays import weekdays
from edge.law import speed_words

_LONGEST_BAR = 40
_LABELS = 14
"""The least width of the column of labels, in characters."""


def table(found: Statistics) -> Iterator[str]:
    """The counts as lines: what was counted, the speeds, verdicts and reviews, then bars for speeds, hours and days."""
    labels = _("cases"), _("speed"), _("verdicts"), _("reviews"), _("review time")
    width = max(_LABELS, *(len(label) for label in labels))
    cases, speed, verdicts, reviews, review_time = (label.ljust(width) for label in labels)
    counted = _("{cases}, of which infringements {infringements}")
    yield f"{cases} {counted.format(cases=number(found.cases), infringements=number(found.infringements))}"
    if found.v50_kmh is not None and found.v85_kmh is not None and found.fastest_kmh is not None:
        figures = _("V50 {v50}, V85 {v85}, fastest {fastest}").format(
            v50=speed_words(found.v50_kmh, found.speed_unit, number),
            v85=speed_words(found.v85_kmh, found.speed_unit, number),
            fastest=speed_words(found.fastest_kmh, found.speed_unit, number),
        )
        yield f"{speed} {figures}"
        of_cases = _("(measured, of the cases; vehicles within the limit are not recorded)")
        yield f"{' ' * width} {of_cases}"
    yield f"{verdicts} {_listed(found.verdicts.items())}"
    yield f"{reviews} {_listed(found.reviews.items())}"
    if found.review_median_s is not None and found.review_p90_s is not None:
        waits = _("half within {median}, nine of ten within {most}")
        yield f"{review_time} " + waits.format(
            median=_duration(found.review_median_s), most=_duration(found.review_p90_s)
        )
    yield from _bars(_("{unit}, steps of {step}").format(unit=found.speed_unit, step=BIN), list(found.speeds.items()))
    yield from _bars(_("hour of the day"), [(f"{hour:02d}", count) for hour, count in enumerate(found.hours) if count])
    yield from _bars(_("day of the week"), list(zip(weekdays(), found.weekdays, strict=True)))


def _listed(counts: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{_word(name)} {number(count)}" for name, count in counts) or _("none")


def _word(name: str) -> str:
    """A verdict or a judgement in words; one of a newer program is returned unchanged."""
    words = {
        "pending": _("pending"),
        "identified": _("identified"),
        "ambiguous": _("ambiguous"),
        "unidentified": _("unidentified"),
        "open": _("open"),
    }
    return words.get(name) or officer_did(name).lower()


def _bars(title: str, rows: list[tuple[str, int]]) -> Iterator[str]:
    most = max((count for _name, count in rows), default=0)
    if not most:
        return
    yield ""
    yield title
    for name, count in rows:
        yield f"{name:>5} {count:>7}  {'#' * round(_LONGEST_BAR * count / most)}".rstrip()


def _duration(seconds: float) -> str:
    for unit, length in ((_("d"), 86400), (_("h"), 3600), (_("min"), 60)):
        if seconds >= 2 * length:
            return f"{number(seconds / length)} {unit}"
    return f"{number(seconds)} s"
