"""JSON as the link allows it: ASCII, flat, whole numbers, no duplicate keys.

The standard parser takes ``NaN``, ``Infinity`` and duplicate keys (the last one wins), and recurses as deep as the text
nests. Nothing the link speaks needs any of them, and each lets two readers of one text see two things.
"""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

MAX_BRACKETS: Final = 16
"""Opening brackets a text may hold; the largest honest one, an event with its packet, has two."""

MAX_DIGITS: Final = 16


def _refuse(text: str) -> NoReturn:
    raise ValueError("only whole numbers of at most 16 digits are allowed")


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        _refuse(text)
    return int(text)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a key appears twice")
    return document


_decoder: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_refuse, parse_int=_integer, parse_constant=_refuse
)


def loads(text: str) -> Any:
    """Parse *text*.

    Raises:
        ValueError: it is not JSON, or JSON that the link does not allow.
    """
    if not text.isascii():
        raise ValueError("only ASCII is allowed")
    # Counted before the parser sees it, so depth cannot reach the interpreter's recursion limit.
    if text.count("[") + text.count("{") > MAX_BRACKETS:
        raise ValueError("the text is nested too deep")
    return _decoder.decode(text)


def dumps(value: Any, **_: Any) -> str:
    """*value* as compact ASCII JSON (keyword arguments of other serialisers are accepted and have no effect)."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
