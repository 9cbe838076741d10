"""What a process remembers of each unit's chain, so that entries which follow it cost one trip to PostgreSQL.

Everything here was committed, and follows from the chain up to its head. Whoever writes names that head, and nothing is
written where the database has another one by then (:func:`centre.delivery.writing.write_batch`): what is remembered may
be old, and is never wrong.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from edge.cases.evidence import Chain, parse_canonical

MOST_UNITS = 16_384
MOST_CASES = 16
"""Of a unit, the newest: a verdict follows its case within seconds."""


@dataclass(frozen=True, slots=True)
class KnownCase:
    """The month that a case is filed in, and the entry of its verdict, None before there is one."""

    month: date
    decided: int | None


@dataclass(frozen=True, slots=True)
class Known:
    """A unit's chain as far as it is here; fields are the columns of ``units``."""

    head_seq: int
    head_hash: str
    head_header: bytes | None
    first_key: str
    current_key: str
    cases: int
    public_key: bytes
    anchored: bool
    keys: Mapping[str, bytes]
    filed: Mapping[int, KnownCase]

    def chain(self) -> Chain:
        """For :func:`centre.delivery.chain.follow`."""
        header = self.head_header
        return Chain(
            entries=self.head_seq,
            head=self.head_hash,
            headers=[parse_canonical(header, "the head")] if header is not None else [],
            decided={number: case.decided for number, case in self.filed.items() if case.decided is not None},
            keys=dict(self.keys),
            first_key=self.first_key,
            current_key=self.current_key,
            earlier_cases=self.cases,
        )

    def longer(self, chain: Chain, header: bytes, months: Mapping[int, date]) -> Known:
        """What is known after entries were written that end *chain*; *header* is that of the last one.

        *months* are those of the cases among them.
        """
        filed = dict(self.filed)
        for number, month in months.items():
            filed.pop(number, None)
            filed[number] = KnownCase(month, chain.decided.get(number))
        anchored = self.anchored or self.public_key in chain.keys.values()
        return replace(
            self,
            head_seq=chain.entries,
            head_hash=chain.head,
            head_header=header,
            first_key=chain.first_key,
            current_key=chain.current_key,
            cases=max(chain.filed, default=chain.earlier_cases),
            # From the entry on that introduces it, the unit logs in with its newest key, and with no earlier one.
            public_key=chain.keys[chain.current_key] if anchored else self.public_key,
            anchored=anchored,
            keys=dict(chain.keys),
            filed=dict(list(filed.items())[-MOST_CASES:]),
        )

    def months_of(self, numbers: Iterable[int]) -> dict[int, date]:
        """The months of those of the cases *numbers* that are known."""
        return {number: self.filed[number].month for number in numbers if number in self.filed}


class Memory:
    """The units that were heard of last, by their ids."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._units: OrderedDict[int, Known] = OrderedDict()

    def of(self, unit: int) -> Known | None:
        """What is known of *unit*, None if nothing is."""
        return self._units.get(unit)

    def keep(self, unit: int, known: Known) -> None:
        """Remember *known*; the unit that was not heard of for longest is forgotten for it."""
        self._units[unit] = known
        self._units.move_to_end(unit)
        if len(self._units) > MOST_UNITS:
            self._units.popitem(last=False)

    def forget(self, unit: int) -> None:
        """Forget *unit*."""
        self._units.pop(unit, None)
