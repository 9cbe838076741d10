"""What is named, a width, of the drawn Italian plates that a person can read: no camera names what nobody can see.

The plates are those of :mod:`converter.measure.by_eye`, each counted for as many as it stands for; two look-alike twins
are claimed beside each car (:mod:`.national`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from converter.measure.by_eye import Sample, standing_for
from converter.measure.drawn import DrawnPlate

PAIR = "GC"
"""The characters of Italy's alphabet that differ least."""


def has_pair(text: str) -> bool:
    """Whether *text* has a character of :data:`PAIR`."""
    return any(character in PAIR for character in text)


def tells_pair(text: str, reading: str) -> bool:
    """Whether *reading* has every character of :data:`PAIR` of *text*, and no other one of them at another place."""
    if len(text) != len(reading):
        return False
    return all(a == b for a, b in zip(text, reading, strict=True) if a in PAIR or b in PAIR)


def table(plates: Sequence[DrawnPlate], named: Mapping[str, float], samples: Sequence[Sample]) -> str:
    """Lines of text: which shares of the plates of each width are named, of all and of those that a person reads.

    Args:
        plates: the drawn set.
        named: by the plate's name in the set, the share of its trials in which the car is named.
        samples: what a person read.

    Raises:
        LabelError: as :func:`converter.measure.by_eye.by_eye_table`.
    """
    kinds = ("a person reads", "reads, no G or C", "G or C: told", "G or C: not told")
    columns = "".join(f"{kind:>24}" for kind in ("all", *kinds))
    lines = [f"{'two twins beside: named':<24}{columns}"]
    stands = standing_for(plates, samples)
    widths = sorted({plate.width for plate, _, _ in stands})
    for title, own in (*((f"{width} px wide", {width}) for width in widths), ("all widths", set(widths))):
        rows = [(sample, weight) for plate, sample, weight in stands if plate.width in own]
        groups = [
            rows,
            [row for row in rows if row[0].reading == row[0].text],
            [row for row in rows if row[0].reading == row[0].text and not has_pair(row[0].text)],
            [row for row in rows if has_pair(row[0].text) and tells_pair(row[0].text, row[0].reading)],
            [row for row in rows if has_pair(row[0].text) and not tells_pair(row[0].text, row[0].reading)],
        ]
        lines.append("".join([f"{title:<24}", *(f"{_share(group, named):>24}" for group in groups)]))
    return "\n".join(lines)


def _share(rows: Sequence[tuple[Sample, float]], named: Mapping[str, float]) -> str:
    """The share of *rows* that is named, each counted for what it stands for, and how many rows there are."""
    whole = sum(weight for _, weight in rows)
    if not whole:
        return "-"
    return f"{sum(weight * named[sample.file] for sample, weight in rows) / whole:.3f} of {len(rows)}"
