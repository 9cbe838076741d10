"""What new entries say of cases, as rows: for lists and for the photos to come. The chain stays the truth.

A unit writes these contents; one whose key was stolen may write anything. So every value is checked for its type and
bounded before it goes into a row, and texts lose what PostgreSQL cannot hold.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from edge.cases.evidence import Link, driver_name, shown_plate, to_case

MAX_TEXT = 200
MAX_PHOTOS = 64
MAX_PHOTO_BYTES = 64 * 1024 * 1024
PORTRAIT = -1
"""The place of the driver's portrait among a case's files."""
OLDEST_S, AHEAD_S = 10 * 366 * 86_400, 86_400
JUDGEMENTS = frozenset({"confirm", "confirm_vehicle", "set_name_aside", "dismiss", "correct_plate"})
HOLDS = frozenset({"hold", "release"})
CONFIGURATION = "configuration"
BY_ORDER = HOLDS | {"purge", CONFIGURATION}
ORDER_KEYS = frozenset({"order", "refused"})
"""What entries name an order under."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Unreadable(Exception):
    """A content is none that a unit writes; the message says where, and nothing of it."""


@dataclass
class Rows:
    """Rows of a batch of entries, each list in the order of the chain."""

    filed: list[tuple[Any, ...]] = field(default_factory=list)
    months: dict[int, date] = field(default_factory=dict)
    """Of each filed case."""
    files: list[tuple[int, int, str, int | None]] = field(default_factory=list)
    """Case, place, SHA-256 in hex, bytes (None if the entry does not say)."""
    decided: list[tuple[Any, ...]] = field(default_factory=list)
    judged: list[tuple[int, str, str | None]] = field(default_factory=list)
    withdrawn: list[int] = field(default_factory=list)
    """Cases of which a judgement was withdrawn: what counts follows from all of their judgements."""
    held: list[tuple[int, bool]] = field(default_factory=list)
    purged: list[tuple[int, int]] = field(default_factory=list)
    ordered: list[tuple[int, int | None, dict[str, Any]]] = field(default_factory=list)
    """Entry, case and content of what an order brought about."""

    @property
    def speak_of_earlier_cases(self) -> bool:
        """Whether there is more to them than cases that are filed and decided."""
        return bool(self.judged or self.withdrawn or self.held or self.purged or self.ordered)


def month_of(at_utc: object, now: datetime) -> date:
    """The first day of the month that a case is filed in by the time of its ``filed`` entry.

    Where that time cannot be believed (more than ten years ago, or more than a day ahead of *now*) it is *now*'s: a
    unit whose clock stands at 1970, or whoever has its key, makes no partition of another month.
    """
    now_utc = now.timestamp()
    if type(at_utc) in (int, float) and now_utc - OLDEST_S <= at_utc <= now_utc + AHEAD_S:  # type: ignore[operator]
        now = datetime.fromtimestamp(at_utc, UTC)  # type: ignore[arg-type]
    return date(now.year, now.month, 1)


def rows_of(headers: Sequence[dict[str, Any]], links: Sequence[Link], now: datetime) -> Rows:
    """The rows of entries that were checked, with their *headers*; *now* is the time of their receipt.

    Raises:
        Unreadable: a content is none that a unit writes.
    """
    rows = Rows()
    for header, link in zip(headers, links, strict=True):
        case, kind, seq = header["case"], header["kind"], header["seq"]
        if case is None and kind != CONFIGURATION:
            continue
        if kind == "filed":
            rows.months[case] = month_of(header["at"], now)
        try:
            _add(rows, kind, case, seq, json.loads(link.body) if link.body is not None else None)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError):
            raise Unreadable(f"the content of entry {seq} is none that a unit writes") from None
    return rows


def _add(rows: Rows, kind: str, case: Any, seq: int, content: Any) -> None:
    if kind == "filed":
        rows.filed.append(_filed(case, seq, content))
        rows.files += _photos(case, content)
    elif kind == "decided":
        rows.decided.append(_decided(case, seq, content))
        rows.files += _photos(case, content) + _portrait(case, content)
    elif kind in JUDGEMENTS and content is not None:
        plate = _text(content["plate"]) if kind == "correct_plate" else None
        rows.judged.append((case, kind, plate))
    elif kind == "withdraw" and content is not None:
        _entry_number(content["judgement"])
        rows.withdrawn.append(case)
    elif kind in HOLDS:
        rows.held.append((case, kind == "hold"))
    elif kind == "purge":
        rows.purged.append((case, seq))
    if kind in BY_ORDER and isinstance(content, dict) and not ORDER_KEYS.isdisjoint(content):
        rows.ordered.append((seq, case, content))


def counting(entries: Iterable[tuple[int, str, bytes]]) -> tuple[str | None, str | None]:
    """The newest judgement and the newest corrected plate that nobody withdrew.

    *entries* are number, kind and content of a case's judgements and withdrawals, in order; they were read before
    (:func:`rows_of`).
    """
    judged: dict[int, tuple[str, str | None]] = {}
    for seq, kind, body in entries:
        content = json.loads(body)
        if kind == "withdraw":
            judged.pop(content["judgement"], None)
        else:
            judged[seq] = kind, _text(content["plate"]) if kind == "correct_plate" else None
    plates = [plate for _, plate in judged.values() if plate is not None]
    return next((kind for kind, _ in reversed(judged.values())), None), plates[-1] if plates else None


def _filed(number: int, seq: int, content: Any) -> tuple[object, ...]:
    if content is None:  # purged at the unit before it joined
        return number, seq, None, "", None, None
    case = to_case(_of(number, content))
    speed = None if case.trigger.speed_kmh is None else _number(case.trigger.speed_kmh)
    return number, seq, _number(case.trigger.at_utc), _text(case.site), speed, _number(case.limit_kmh)


def _decided(number: int, seq: int, content: Any) -> tuple[object, ...]:
    if content is None:
        return number, seq, "", None, ""
    case = to_case(_of(number, content))
    outcome = str(case.verdict.outcome) if case.verdict is not None else None
    return number, seq, _text(shown_plate(case)), outcome, _text(driver_name(case))


def _of(number: int, content: Any) -> dict[str, Any]:
    if not isinstance(content, dict) or content["number"] != number:
        raise ValueError
    return content


def _photos(number: int, content: Any) -> list[tuple[int, int, str, int | None]]:
    if content is None:
        return []
    frames = content["frames"]
    if len(frames) > MAX_PHOTOS:
        raise ValueError
    found: list[tuple[int, int, str, int | None]] = []
    for place, frame in enumerate(frames):
        size = frame["bytes"]
        if type(size) is not int or not 0 < size <= MAX_PHOTO_BYTES:
            raise ValueError
        found.append((number, place, _sha256(frame["sha256"]), size))
    return found


def _portrait(number: int, content: Any) -> list[tuple[int, int, str, int | None]]:
    driver = content.get("driver") if content is not None else None
    digest = driver["portrait_sha256"] if driver else None
    return [(number, PORTRAIT, _sha256(digest), None)] if digest else []


def _sha256(text: Any) -> str:
    if not isinstance(text, str) or not _SHA256.fullmatch(text):
        raise ValueError
    return text


def _entry_number(value: Any) -> int:
    if type(value) is not int:
        raise TypeError
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value[:MAX_TEXT].encode("utf-8", "replace").decode("utf-8").replace("\0", "\N{REPLACEMENT CHARACTER}")
