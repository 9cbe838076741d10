"""What delivery asks of the unit around it. :mod:`edge.daemon.wiring` brings the real ones."""

from __future__ import annotations

from typing import Protocol


class Head(Protocol):
    """Number and hash (hex) of an entry."""

    @property
    def seq(self) -> int:
        """Its number in the chain, from 1."""

    @property
    def hash(self) -> str:
        """Its hash, in hex."""


class Lines(Protocol):
    """Entries as the lines that are sent (:mod:`edge.delivery.wire`)."""

    @property
    def data(self) -> bytes:
        """The lines."""

    @property
    def last(self) -> Head:
        """The last of these entries."""


class Outbox(Protocol):
    """The unit's chain and photos; raises CaseError. Its methods are called from a thread, one at a time."""

    def head(self) -> Head | None:
        """The newest entry that may be delivered."""

    def hash_of(self, seq: int) -> str | None:
        """The hash of entry *seq*."""

    def lines(self, after: int, up_to: int, most_bytes: int) -> Lines | None:
        """Entries *after* that number *up_to* another, of about *most_bytes*, at least one."""

    def key_lines(self) -> bytes:
        """The entries that introduce keys."""

    def file(self, case: int, place: int, digest: str) -> bytes | None:
        """A photo, or at place -1 the portrait, if it has that SHA-256."""

    def confirm(self, seq: int, digest: str, *, settled: int, cases: int) -> None:
        """Remember that the centre has entries up to *seq*, and up to *settled* also the photos of *cases*."""


class Signer(Protocol):
    """The unit's signing key."""

    @property
    def public_key(self) -> bytes:
        """The public half, 32 bytes."""

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of *message*."""
