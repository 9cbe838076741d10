"""How octets and times are written in JSON that is signed: one notation each, so that no two programs read differently.

What is signed is made anew from the values, so another notation of a value would pass for the one that was signed.
"""

from __future__ import annotations

import re
from typing import Any, Final

MAX_WHOLE: Final = 2**53 - 1
"""The largest whole number that every JSON parser reads exactly (RFC 8259, section 6)."""
_HEX: Final = re.compile("[0-9a-f]*", re.ASCII)


def octets_of_hex(text: Any, count: int) -> bytes:
    """The *count* bytes of a lower-case hexadecimal *text*.

    Raises:
        ValueError: it is none, or of another length.
    """
    if not isinstance(text, str) or len(text) != 2 * count or not _HEX.fullmatch(text):
        raise ValueError("not a key or signature in lower-case hexadecimal")
    return bytes.fromhex(text)


def to_time(value: Any) -> int:
    """The time in a JSON value, Unix seconds.

    Raises:
        ValueError: it is none; a time before 1970, or one that not every parser reads exactly, is none.
    """
    if type(value) is not int or not 0 <= value <= MAX_WHOLE:  # by the exact type: True is an instance of int
        raise ValueError("not a time")
    return value
