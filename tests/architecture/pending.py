"""Rules the code does not keep yet: the table must shrink, and a test fails for an entry that is no longer needed."""

from __future__ import annotations

from collections.abc import Iterable

PENDING = {}
"""Rule -> why it is broken today."""


def check(kind: str, broken: Iterable[str]) -> None:
    """Fail for what is *broken* and not pending, and for what is pending and no longer broken.

    *kind* is the first word of the entries that this rule may use.
    """
    found = {f"{kind}: {what}" for what in broken}
    pending = {entry for entry in PENDING if entry.startswith(f"{kind}: ")}
    assert not found - pending, f"against the design: {sorted(found - pending)}"
    assert not pending - found, f"no longer needed in PENDING: {sorted(pending - found)}"
