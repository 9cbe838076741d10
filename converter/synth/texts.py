"""Texts that mean nothing: words and patterns, for badges, captions, signs and letters on the body."""

from __future__ import annotations

import random
import string

_SYLLABLES = "a an ar as au be bo ca ci co da de di do el en er fo ga go ho in is ka ki la le li lo ma me mi mo na ne"
_SYLLABLES += " ni no on or pa pe po ra re ri ro ru sa se si so ta te ti to tu va ve vi vo wa we xi yo za ze zo"


def word(rng: random.Random) -> str:
    """Return something that can be spoken and means nothing."""
    text = "".join(rng.choice(_SYLLABLES.split()) for _ in range(rng.randint(1, 4)))
    return rng.choice((str.upper, str.upper, str.title, str.lower))(text)


def random_text(pattern: str, rng: random.Random) -> str:
    """Return *pattern* with a random letter for each ``A`` and a random digit for each ``9``."""
    kinds = {"A": string.ascii_uppercase, "9": string.digits}
    return "".join(rng.choice(kinds[c]) if c in kinds else c for c in pattern)
