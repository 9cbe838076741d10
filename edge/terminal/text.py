"""Foreign text made legible: what a terminal would obey or hide is shown instead."""

from __future__ import annotations

_BEYOND_BMP = 0x10000


def legible(text: str) -> str:
    r"""Return *text* on one line, with every character that is not printable written as JSON writes it: ``\u001b``.

    So escape sequences are seen and not obeyed, a line feed begins no line of its own, and no mark for the direction of
    writing turns anything round. JSON remains the same JSON.
    """
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _escape(ord(letter)) for letter in text)


def _escape(code: int) -> str:
    if code < _BEYOND_BMP:
        return f"\\u{code:04x}"
    high, low = divmod(code - _BEYOND_BMP, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
