"""English words in a text that should hold none."""

from __future__ import annotations

import re

ENGLISH = re.compile(
    r"\b(?:the|of|and|is|are|was|were|not|no|with|this|that|case|cases|photo|plate|speed|unit|reason|entry|entries|"
    r"cannot|will|yet|by|to|from|your|verify|evidence|signed|folder|name|show|search|close|cancel|record|"
    r"confirm|dismiss|undo|more|keys|dark|light)\b",
    re.IGNORECASE,
)
SAME_IN_BOTH = {"it": {"no"}, "de": {"name", "not", "show", "was"}, "sl": {"no", "to"}}
"""Words of each language that look like English ones, and the names of commands and files."""
COMMANDS = re.compile(r"/\S+|autovelox(?:-officers| cases \w+)|--[a-z-]+")


def english_in(text: str, lang: str = "it") -> list[str]:
    """The English words of *text*, which should be of *lang*."""
    text = COMMANDS.sub("", text)
    text = re.sub("«.*?»", "", text)  # a technical detail, quoted as it is
    return [word for word in ENGLISH.findall(text) if word.lower() not in SAME_IN_BOTH[lang]]
