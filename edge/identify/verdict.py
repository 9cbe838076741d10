"""Claims compared with a photo: pure functions from plate reads and claimed plates to a verdict.

Each claimed plate is scored by how well it explains the pixels of the offender's plate, summed over the photos
(:mod:`edge.identify.tracks` says which plate that is). It competes with every other claim and with what the plate may
say otherwise (:mod:`edge.identify.candidates`): the car photographed may have sent nothing. A wrong name is worse than
no name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import exp

import numpy as np
from numpy.typing import NDArray

from edge.identify.candidates import Candidates, candidates, prior, scores, shared_shapes
from edge.identify.formats import Formats
from edge.identify.origin import decisive, format_of
from edge.identify.plausible import is_listed, rank
from edge.identify.special_series import is_special_anywhere
from edge.identify.thresholds import Thresholds
from edge.identify.tracks import Track, suspects, tracks, without_doubles
from edge.identify.twins import (
    FAINT,
    FORMAT_SAYS,
    ahead,
    are_twins,
    doubt_between,
    is_sure,
    near_twins,
    of_one_shape,
    one_shape,
)
from edge.model import Claim, Outcome, PlateRead, Reason, Verdict

ANY_FORMAT = Formats()
LOOKS_ITALIAN = 0.3
"""From this probability by the picture on a plate may be Italian, whatever it is read as; see :mod:`.twins`."""
SERIES_LEAD = 1.0
"""How much farther ahead, in nats, a claim has to be of texts of its shape by the series of the likely countries than
by the pixels alone, which are noisy between such texts."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A suspect's plate and what it may say; made once a case, then compared with any claims."""

    track: Track
    candidates: Candidates
    _twins: dict[str, dict[str, float]] = field(default_factory=dict, compare=False, repr=False)

    def twins(self, text: str, formats: Formats) -> dict[str, float]:
        """Scores of every text that looks like *text*, in nats: judged once, however many claims compete."""
        if text not in self._twins:
            texts = list(dict.fromkeys((*near_twins(text), *one_shape(text))))
            self._twins[text] = dict(zip(texts, scores(self.track, texts, formats).tolist(), strict=True))
        return self._twins[text]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Claims against one plate: ``scores`` in nats against the best free reading, one a claim.

    ``best`` indexes the best claim, ``lead`` is how far it is ahead of the other claims, ``evidence`` how far ahead of
    what the plate may say otherwise. Of its twins (:mod:`edge.identify.twins`) the best claim is ahead by ``twin``
    where they are claimed; where they are not, by ``shape`` of those that have its shape, by ``unclaimed`` of the
    others, less what it is behind the best reading; of the claims that are no twins by ``apart``. All are in nats and
    possibly infinite.
    """

    scores: tuple[float, ...]
    best: int
    lead: float
    evidence: float
    twin: float = np.inf
    unclaimed: float = np.inf
    apart: float = np.inf
    shape: float = np.inf

    @classmethod
    def of(
        cls, judged: NDArray[np.float64], sighting: Sighting, plates: Sequence[str], formats: Formats = ANY_FORMAT
    ) -> Comparison:
        """Compare *plates* (at least one), whose scores are *judged*, with what the plate of *sighting* may say."""
        said, best = sighting.candidates, int(np.argmax(judged))
        likely = sighting.track.countries
        told = decisive(likely, plates[best])
        own, others = float(judged[best]), np.delete(judged, best)
        claimed = {plate: float(score) for plate, score in zip(plates, judged, strict=True) if plate != plates[best]}
        twins = {plate: score for plate, score in claimed.items() if are_twins(plates[best], plate)}
        apart = [score for plate, score in claimed.items() if plate not in twins]
        doubles = [own] if plates.count(plates[best]) > 1 else []
        # Each twin is judged, not only those that a reading led to: a garbled reading leads to few of them.
        free = {t: s for t, s in sighting.twins(plates[best], formats).items() if t not in claimed}
        # What has the shape of the best claim speaks neither for nor against it: format and country do, below.
        shape = {plates[best], *(one_shape(plates[best]) if shared_shapes(told, formats) else ())}
        shaped = max(own, *(free.get(text, -np.inf) for text in shape))
        evidence = shaped - said.best_beside((*plates, *shape))
        shaped_alike = {text: score for text, score in free.items() if of_one_shape(plates[best], text)}
        italian = format_of(plates[best], "IT") is not None or likely.get("IT", 0.0) >= LOOKS_ITALIAN

        sure = _read_surely(sighting.track, plates[best])
        is_faint = all(read.confidence < FAINT for read in sighting.track.reads)

        def ahead_of(
            rivals: Mapping[str, float],
            countries: Mapping[str, float] = told,
            *,
            claimed: bool = False,
            faint: bool = False,
        ) -> float:
            doubt = partial(doubt_between, italian=italian, sure=sure, faint=faint, claimed=claimed)
            return ahead(
                plates[best], own, rivals, lambda text: prior(text, formats, countries),
                one_shape_only=shared_shapes(countries, formats), doubt=doubt,
            )  # fmt: skip

        # The format has decided against a twin of one shape that has none, if pixels and country agree.
        by_format = shared_shapes(told, formats) and formats.usual(plates[best])
        formless = {t: s for t, s in twins.items() if by_format and t in shape and _has_no_format(t, formats)}
        clear = {text: score for text, score in twins.items() if text not in formless}

        # Where no country is told, pixels decide between shapes that may be the same; the likely countries may object.
        by_country = ahead_of(shaped_alike, likely) - SERIES_LEAD if likely else np.inf

        return cls(
            scores=tuple(float(score) for score in judged - said.scores[0]),
            best=best,
            lead=float(own - np.max(others)) if others.size else np.inf,
            evidence=evidence,
            twin=min(ahead_of(clear, claimed=True), ahead_of(formless, claimed=True) + FORMAT_SAYS),
            # A plate that reads otherwise by so much is garbled by so much: a lead below that is chance.
            unclaimed=ahead_of({t: score for t, score in free.items() if t not in shaped_alike}, faint=is_faint)
            + min(evidence, 0.0),
            apart=own - max((*apart, *doubles), default=-np.inf),
            shape=min(ahead_of(shaped_alike), by_country),
        )


def _has_no_format(text: str, formats: Formats) -> bool:
    return not formats.usual(text) and not is_special_anywhere(text)


def best_first(reads: Sequence[PlateRead]) -> tuple[PlateRead, ...]:
    """The plates of one photo, each once: the likest to a plate first, then the one most surely found and read.

    Words come after plates, scraps and what has no text last; see :mod:`edge.identify.plausible`.
    """
    return tuple(sorted((reads[index] for index in without_doubles(reads)), key=rank))


def listed(reads: Sequence[PlateRead]) -> tuple[PlateRead, ...]:
    """Those of :func:`best_first` that are shown as plates of the photo."""
    return tuple(read for read in best_first(reads) if is_listed(read))


def sight(
    photos: Sequence[Sequence[PlateRead]],
    formats: Formats = ANY_FORMAT,
    direction: str | None = None,
    claimed: Sequence[str] = (),
) -> tuple[Sighting, ...]:
    """The plates in the photos of a case that can be the offender's, the largest first; see :mod:`.tracks`."""
    found = suspects(tracks(photos), direction, claimed)
    return tuple(Sighting(track, candidates(track, formats)) for track in found)


def identify(
    photos: Sequence[Sequence[PlateRead]],
    claims: Sequence[Claim],
    thresholds: Thresholds,
    formats: Formats = ANY_FORMAT,
    direction: str | None = None,
) -> Verdict:
    """Decide which of the *claims*, if any, explains the photo; for the other arguments see :func:`judge`.

    Equal plates claimed by different drivers are allowed and make the case ambiguous.
    """
    verdict = judge(photos, [claim.plate for claim in claims], thresholds, formats, direction)
    if verdict.outcome is not Outcome.IDENTIFIED:
        return verdict
    return replace(verdict, claim=next(claim for claim in claims if claim.plate == verdict.plate))


def judge(
    photos: Sequence[Sequence[PlateRead]],
    plates: Sequence[str],
    thresholds: Thresholds,
    formats: Formats = ANY_FORMAT,
    direction: str | None = None,
) -> Verdict:
    """Decide which of the claimed *plates*, if any, is the one photographed; ``claim`` is not set.

    Args:
        photos: the plate reads of each photo of the case, in time order.
        plates: one claimed plate a claim.
        thresholds: from the calibration.
        formats: what plates look like here.
        direction: the radar's, ``"inbound"`` or ``"outbound"``, if it knows.
    """
    seen = sight(photos, formats, direction, plates)
    if not seen:
        return Verdict(Outcome.UNIDENTIFIED, "", 0.0, reason=Reason.NO_PLATE)
    if not plates:
        text, read = seen[0].candidates.texts[0], seen[0].track.reads[0]
        return Verdict(Outcome.UNIDENTIFIED, text, 0.0, reason=Reason.NO_PACKET, read=read)
    return weigh(seen, [compare(sighting, plates, formats) for sighting in seen], plates, thresholds)


def weigh(
    seen: Sequence[Sighting], compared: Sequence[Comparison], plates: Sequence[str], thresholds: Thresholds
) -> Verdict:
    """The verdict on what was *seen* (one suspect at least), each *compared* with the claimed *plates*."""
    named = [_named(comparison, thresholds) for comparison in compared]
    alike = [not named and _named(_without_twins(c), thresholds) for named, c in zip(named, compared, strict=True)]
    top = int(np.argmax([probability(comparison, thresholds) for comparison in compared]))
    sighting, comparison = seen[top], compared[top]
    if named[top] and all(here and other.best == comparison.best for here, other in zip(named, compared, strict=True)):
        outcome, reason = Outcome.IDENTIFIED, Reason.ONE_CLAIM
    elif any(named):
        outcome, reason = Outcome.AMBIGUOUS, Reason.SEVERAL_CARS
    elif any(alike):
        outcome, reason = Outcome.AMBIGUOUS, Reason.LOOKS_ALIKE
    elif any(probability(replace(c, lead=np.inf), thresholds) >= thresholds.accept for c in compared):
        outcome, reason = Outcome.AMBIGUOUS, Reason.SEVERAL_CLAIMS
    else:
        outcome, reason = Outcome.UNIDENTIFIED, Reason.NO_CLAIM
    identified = outcome is Outcome.IDENTIFIED
    return Verdict(
        outcome,
        plates[comparison.best] if identified else sighting.candidates.texts[0],
        # Where several cars are in the photo and no rule chooses between them, each is as likely as the other.
        probability(comparison, thresholds) / (1 if identified else len(seen)),
        scores=tuple(max(column) for column in zip(*(c.scores for c in compared), strict=True)),
        reason=reason,
        read=sighting.track.reads[0],
    )


def compare(sighting: Sighting, plates: Sequence[str], formats: Formats = ANY_FORMAT) -> Comparison:
    """Score the claimed *plates* (at least one) against one plate."""
    return Comparison.of(scores(sighting.track, plates, formats), sighting, plates, formats)


def probability(comparison: Comparison, thresholds: Thresholds) -> float:
    """The probability (0 to 1) that the best claim's plate is the one photographed.

    A softmax over the best claim, the second best one, and the best text nobody claimed: scores are scaled by
    ``slope`` because photos, and steps within a photo, do not err independently, and ``bias`` is how much likelier
    than any one other text a claimed plate is before the photo is seen.
    """
    rival = _exp(-thresholds.slope * comparison.lead)
    nobody = _exp(-thresholds.slope * comparison.evidence - thresholds.bias)
    return 1.0 / (1.0 + rival + nobody)


def _named(comparison: Comparison, thresholds: Thresholds) -> bool:
    return (
        comparison.apart >= thresholds.margin
        and comparison.twin >= thresholds.twin
        and comparison.unclaimed >= thresholds.unclaimed
        and comparison.shape >= thresholds.shape
        and probability(comparison, thresholds) >= thresholds.accept
    )


def _without_twins(comparison: Comparison) -> Comparison:
    """The same comparison, had no twin of the best claim been claimed or possible."""
    return replace(comparison, twin=np.inf, unclaimed=np.inf, shape=np.inf, lead=comparison.apart)


def _read_surely(track: Track, plate: str) -> bool:
    """Whether *plate* was read surely on a photo, and nothing else was."""
    return {read.text for read in track.reads if is_sure(read.characters)} == {plate}


def _exp(exponent: float) -> float:
    return exp(min(exponent, 500.0))
