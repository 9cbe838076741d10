"""The JSON that the link allows: ASCII, flat, whole numbers, no duplicate keys.

The standard parser accepts ``NaN``, ``Infinity`` and duplicate keys (the last one wins), and recurses as
deep as the text is nested. The link needs none of them, and each one lets two parsers read the same text differently.
"""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

MAX_BRACKETS: Final = 16
"""Opening brackets that a text may contain; the largest honest one, an event with its packet, has two."""

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
        ValueError: the text is not JSON, or is JSON that the link does not allow.
    """
    if not text.isascii():
        raise ValueError("only ASCII is allowed")
    # Counted before parsing, so that the depth cannot reach the interpreter's recursion limit.
    if text.count("[") + text.count("{") > MAX_BRACKETS:
        raise ValueError("the text is nested too deep")
    return _decoder.decode(text)


def dumps(value: Any, **_: Any) -> str:
    """Return *value* as compact ASCII JSON; keyword arguments of other serialisers are accepted and ignored."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
