"""A unit's chain for a bench, made before its clock runs."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from typing import Any

from edge.cases.evidence import (
    Link,
    Signer,
    canonical,
    decided_manifest,
    filed_manifest,
    key_content,
    next_entry,
    photo_record,
)
from edge.model import Photo
from tests.support.cases import UNIT, identified, packet, photo, trigger


def chain(signer: Signer, cases: int) -> tuple[list[Link], list[tuple[object, ...]]]:
    """A key, and two entries a case, as a unit writes them."""
    links, rows, last = list[Link](), list[tuple[object, ...]](), None
    one: Photo = photo()

    def add(kind: str, case: int | None, content: Any) -> None:
        nonlocal last
        entry = next_entry(last, kind, case, content, at_utc=time.time(), signer=signer)
        last = (entry.seq, entry.hash)
        links.append(Link(entry.header, entry.body, entry.signature, entry.key_id))
        rows.append((0, entry.seq, kind, case, entry.hash, entry.header, entry.body, entry.signature, entry.key_id))

    add("key", None, key_content(signer, supersedes=None))
    for number in range(1, cases + 1):
        record = {**photo_record(f"frames/{number:08d}/0.jpg", one), "sha256": secrets.token_hex(32)}
        filed = filed_manifest(
            number, trigger(), [record], limit_kmh=50.0, site="SP 1, km 12", unit=UNIT, clock={"source": "kernel"}
        )
        add("filed", number, filed)
        add("decided", number, decided_manifest(filed, identified(packet()), time.time()))
    return links, rows


def lines(links: Sequence[Link]) -> bytes:
    """Entries as a unit sends them."""
    return b"".join(
        canonical(
            {
                "header": link.header.decode(),
                "body": (link.body or b"").decode(),
                "signature": (link.signature or b"").hex(),
                "key_id": link.key_id,
            }
        )
        + b"\n"
        for link in links
    )
