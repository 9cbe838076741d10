"""Shares: what is held for each network, and whose share is the widest, found at once however many there are."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

from edge.link.sources import prefix_of

GUARANTEED_SHARE: Final = 1 / 64
"""The part of what there is that a prefix keeps whatever happens: far more than the cars of one network that pass a
unit at a time, far less than a crowd."""

Item = TypeVar("Item", bound=Hashable)


class _Widths:
    """Names by how much each holds; a step moves a name by one, so the largest number is never searched for."""

    __slots__ = ("_levels", "most")

    def __init__(self) -> None:
        self._levels: dict[int, dict[str, None]] = {}
        self.most = 0

    def move(self, name: str, before: int, after: int) -> None:
        """*name* held *before* and now holds *after*, one more or one less."""
        if before:
            level = self._levels[before]
            del level[name]
            if not level:
                del self._levels[before]
        if after:
            self._levels.setdefault(after, {})[name] = None
        if after > self.most or self.most not in self._levels:
            self.most = after

    def widest(self) -> str:
        """The name that holds most; of several, the one that has held so much for longest."""
        return next(iter(self._levels[self.most]))

    def lately_widest(self) -> str:
        """The name that holds most; of several, the one that came to it last."""
        return next(reversed(self._levels[self.most]))


class _Prefix(Generic[Item]):
    """The items of one network by address."""

    __slots__ = ("addresses", "size", "widths")

    def __init__(self) -> None:
        self.addresses: dict[str, dict[Item, None]] = {}
        self.widths = _Widths()
        self.size = 0


class Shares(Generic[Item]):
    """Items in the order of their arrival, by address (an IPv4 address, an IPv6 /64) and prefix (/24, /48).

    When something has to go, the *widest* share gives: the address that holds most, in the prefix that holds most.
    When somebody's turn comes, prefixes take turns, and the addresses inside each. Every operation takes constant time.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._prefixes: dict[str, _Prefix[Item]] = {}
        self._widths = _Widths()
        self._sources: OrderedDict[Item, str] = OrderedDict()

    def __len__(self) -> int:
        return len(self._sources)

    def __contains__(self, item: Item) -> bool:
        return item in self._sources

    def add(self, item: Item, source: str) -> None:
        """Hold *item*, which came from the address *source*."""
        name = prefix_of(source)
        prefix = self._prefixes.get(name)
        if prefix is None:
            prefix = self._prefixes[name] = _Prefix()
        items = prefix.addresses.setdefault(source, {})
        items[item] = None
        self._sources[item] = source
        prefix.widths.move(source, len(items) - 1, len(items))
        prefix.size += 1
        self._widths.move(name, prefix.size - 1, prefix.size)

    def discard(self, item: Item) -> None:
        """Let go of *item*; nothing happens if it is not held."""
        source = self._sources.pop(item, None)
        if source is None:
            return
        name = prefix_of(source)
        prefix = self._prefixes[name]
        items = prefix.addresses[source]
        del items[item]
        prefix.widths.move(source, len(items) + 1, len(items))
        prefix.size -= 1
        self._widths.move(name, prefix.size + 1, prefix.size)
        if not items:
            del prefix.addresses[source]
        if not prefix.size:
            del self._prefixes[name]

    def of_prefix(self, source: str) -> int:
        """How many items the prefix of *source* holds."""
        prefix = self._prefixes.get(prefix_of(source))
        return prefix.size if prefix is not None else 0

    def of_address(self, source: str) -> int:
        """How many items the address *source* holds."""
        return len(self._items(source))

    def oldest_of(self, source: str) -> Item | None:
        """The oldest item of the address *source*, or None."""
        return next(iter(self._items(source)), None)

    @property
    def widest_prefix(self) -> int:
        """How many items the widest prefix holds; 0 if nothing is held."""
        return self._widths.most

    def widest_address_beside(self, source: str) -> int:
        """How many items the widest address of *source*'s prefix holds."""
        prefix = self._prefixes.get(prefix_of(source))
        return prefix.widths.most if prefix is not None else 0

    def oldest(self, guaranteed: int = 0) -> Item:
        """The oldest item of the widest share; something must be held.

        Where no prefix holds more than *guaranteed* there is no wide one, and it is the oldest item of all: a network
        with several honest cars must not give way to a crowd of networks with one stranger each.
        """
        if self._widths.most <= guaranteed:
            return next(iter(self._sources))
        prefix = self._prefixes[self._widths.widest()]
        return next(iter(prefix.addresses[prefix.widths.widest()]))

    def newest(self) -> Item:
        """The newest item of the widest share; something must be held."""
        return self._newest(self._widths.lately_widest())

    def newest_beside(self, source: str) -> Item:
        """The newest item of the widest address of *source*'s prefix, which must hold something."""
        return self._newest(prefix_of(source))

    def take(self) -> Item:
        """Remove and return the item whose turn it is; something must be held."""
        name, prefix = next(iter(self._prefixes.items()))
        source, items = next(iter(prefix.addresses.items()))
        item = next(iter(items))
        self.discard(item)
        if prefix.size:
            self._prefixes[name] = self._prefixes.pop(name)
        if items:
            prefix.addresses[source] = prefix.addresses.pop(source)
        return item

    def _items(self, source: str) -> dict[Item, None]:
        prefix = self._prefixes.get(prefix_of(source))
        return prefix.addresses.get(source, {}) if prefix is not None else {}

    def _newest(self, name: str) -> Item:
        prefix = self._prefixes[name]
        return next(reversed(prefix.addresses[prefix.widths.lately_widest()]))
