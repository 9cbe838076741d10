"""Whether cars get through: visits that the unit had no room for, against those it took, over the last minute."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Final

REFUSED: Final = ("busy", "full")
"""Outcomes of visits that did nothing wrong. A visit that was displaced had not asked for anything for longest."""

SAMPLES: Final = 60
LEAST: Final = 20
"""Fewer refusals than this in a minute are no problem, however few cars came."""

MOST_OF_ACCEPTED: Final = 0.25


class Refusals:
    """Looks at the counters of visits once a second."""

    def __init__(self, counters: Mapping[str, int]) -> None:
        """*counters* holds the outcomes of all visits."""
        self._counters = counters
        self._samples: deque[tuple[int, int]] = deque(maxlen=SAMPLES + 1)
        self.sample()

    def sample(self) -> None:
        """Remember the counters of now."""
        refused = sum(self._counters.get(outcome, 0) for outcome in REFUSED)
        self._samples.append((refused, self._counters.get("accepted", 0)))

    def problem(self) -> str | None:
        """One sentence if too many visits of the last minute were refused, else None."""
        (refused_before, accepted_before), (refused_now, accepted_now) = self._samples[0], self._samples[-1]
        refused, accepted = refused_now - refused_before, accepted_now - accepted_before
        if refused < LEAST or refused <= MOST_OF_ACCEPTED * accepted:
            return None
        return (
            f"the link refused {refused} visits of the last minute and took {accepted}: find out who floods it, "
            "or raise connections and mailbox_packets in [link]"
        )
