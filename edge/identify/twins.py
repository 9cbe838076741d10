"""Plates that look alike, and how far one is ahead of those that look like it.

Some pairs of characters are told apart by one short stroke, which blur takes away and an alphabet that the reader was
not taught draws otherwise (:data:`LOOKALIKES`). Others have one shape on the plates of most countries
(:data:`ONE_SHAPE`): there the pixels say next to nothing, however sure the reader is, and format and country decide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product

LOOKALIKES = (
    "0ODQ", "0CG", "1I7", "1LT", "I1T", "2Z7", "3B8", "4A", "5S6", "6G", "8B", "8SR", "90", "CG", "EF", "EB", "HN",
    "HKX", "MN", "MW", "PR", "PF", "RB", "UV", "VY", "UJ", "VW", "XK", "XY", "JI", "LI", "T7", "DB", "UO",
)  # fmt: skip
"""Characters that a doubtful picture confuses; each string is one group."""
ONE_SHAPE = {"0": "O", "O": "0", "1": "I", "I": "1"}
"""Characters that most countries' lettering draws alike."""
OWN_SHAPES = ("AR", "BR", "DE")
"""Countries whose lettering (FE-Schrift) was drawn so that no two characters are alike."""
UNSURE = {frozenset("CG"): 4.0}
"""Pairs that the reader is not sure of in Italy's alphabet, and by how much, in nats, it errs there. Half a nat more is
the line for unclaimed twins: of 3,600 drawn Italian plates four are read surely and wrong by 4.1 to 4.5."""
ITALIAN_DOUBT = 1.5
"""By how much, in nats, the reader errs between other look-alike texts of Italian plates: of real ones it has seen
none in training."""
DOUBTFUL = 4.5
"""The least that is allowed, in nats, for a look-alike text that nobody claims, where an Italian plate was not read
surely, or any plate faintly: of drawn ones the reader errs between twins by up to that, and hardly ever where it reads
surely."""
FAINT = 0.3
"""A plate is read faintly where no reading of it has this confidence: of such readings seven in eight are wrong."""
SURE = 0.9
"""A text is read surely whose two least sure characters have confidences that multiply to this or more."""
SHAPE_SAYS = 2.0
"""The most, in nats, that the pixels count between two texts of one shape."""
FORMAT_SAYS = 3.0
"""How much farther ahead, in nats, a text of a usual format counts of a claimed text of its shape that has none, nor
that of a special series: so little do the pixels count that it could not reach the line for claimed twins otherwise."""
MOST_VARIANTS = 64
"""Texts of one shape that are looked at: two to the power of the characters that have a double."""


def _alike() -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for group in LOOKALIKES:
        for character in group:
            found.setdefault(character, set()).update(set(group) - {character})
    return {character: "".join(sorted(others)) for character, others in found.items()}


_ALIKE = _alike()


def one_shape(text: str) -> list[str]:
    """Every other text that has the shape of *text* where O is drawn like 0 and I like 1.

    At most :data:`MOST_VARIANTS` of them.
    """
    places = [character + ONE_SHAPE.get(character, "") for character in text]
    found: list[str] = []
    for characters in product(*places):
        if len(found) >= MOST_VARIANTS:
            break
        if (other := "".join(characters)) != text:
            found.append(other)
    return found


def near_twins(text: str) -> list[str]:
    """Every text that differs from *text* in one character by a look-alike one, by place."""
    return [text[:i] + c + text[i + 1 :] for i, own in enumerate(text) for c in _ALIKE.get(own, "")]


def are_twins(one: str, other: str) -> bool:
    """Whether two different texts differ in one look-alike character, or in nothing but characters of one shape."""
    if len(one) != len(other) or one == other:
        return False
    unlike = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    if all(ONE_SHAPE.get(a) == b for a, b in unlike):
        return True
    return len(unlike) == 1 and unlike[0][1] in _ALIKE.get(unlike[0][0], "")


def shapes_differ(countries: Mapping[str, float]) -> bool:
    """Whether the plate most likely comes from a country whose O and 0, I and 1 differ, by the picture."""
    return sum(countries.get(code, 0.0) for code in OWN_SHAPES) > 0.5


def is_sure(characters: Sequence[float]) -> bool:
    """Whether a text was read surely; *characters* are its confidences (0 to 1)."""
    weakest = sorted(characters)[:2]
    return len(weakest) == 2 and weakest[0] * weakest[1] >= SURE


def doubt_between(pair: frozenset[str], *, italian: bool, sure: bool, faint: bool, claimed: bool) -> float:
    """By how much, in nats, the reader may err between the two characters of *pair*.

    Args:
        pair: two characters that look alike.
        italian: whether the plate may be Italian.
        sure: whether what is ahead was read, and surely.
        faint: whether nothing was read with more than a faint confidence; not asked of texts of one shape, between
            which the pixels count little anyhow.
        claimed: whether the text it is ahead of is claimed as well. Where it is, the line for claimed twins is wide
            enough for all errors of a sure reading, and of plates of other countries.
    """
    usual = UNSURE.get(pair, ITALIAN_DOUBT) if italian else 0.0
    if claimed:
        return 0.0 if sure else usual
    return max(usual, DOUBTFUL) if not sure and (italian or faint) else usual


def ahead(
    text: str,
    judged: float,
    others: Mapping[str, float],
    prior: Callable[[str], float],
    *,
    one_shape_only: bool,
    doubt: Callable[[frozenset[str]], float] | None = None,
) -> float:
    """How far *text* is ahead of the best of its twins among *others*, in nats; infinite where it has none there.

    Args:
        text: a plate.
        judged: the score of *text*.
        others: scores of texts that the plate may say, by the pixels and a prior for claims.
        prior: the logarithm of how likely a plate says a text before it is read, by format and country.
        one_shape_only: whether O is drawn like 0 and I like 1 on such a plate, so that the prior decides between them.
        doubt: by how much, in nats, the reader may err between two characters that look alike; not at all by default.
    """
    lead = float("inf")
    if one_shape_only:
        for twin in one_shape(text):
            if twin in others:
                pixels = max(-SHAPE_SAYS, min(SHAPE_SAYS, judged - others[twin]))
                lead = min(lead, pixels + prior(text) - prior(twin))
    for twin in near_twins(text):
        if twin in others and not (one_shape_only and of_one_shape(text, twin)):
            (pair,) = (frozenset((a, b)) for a, b in zip(text, twin, strict=True) if a != b)
            lead = min(lead, judged - others[twin] - (doubt(pair) if doubt is not None else 0.0))
    return lead


def of_one_shape(one: str, other: str) -> bool:
    """Whether two texts of one length differ in nothing but characters of one shape."""
    return len(one) == len(other) and all(a == b or ONE_SHAPE.get(a) == b for a, b in zip(one, other, strict=True))
