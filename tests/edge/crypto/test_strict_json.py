from __future__ import annotations

import pytest

from edge.crypto import strict_json


def test_what_the_link_speaks_parses() -> None:
    assert strict_json.loads('["packet",{"uid":"a","n":12}]') == ["packet", {"uid": "a", "n": 12}]


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "[Infinity]",
        "[-Infinity]",
        "1.5",
        "1e3",
        '{"a":1,"a":2}',
        "[" * 17 + "]" * 17,
        "1" * 17,
        '"é"',
        "",
        "[1]x",
    ],
)
def test_the_rest_of_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        strict_json.loads(text)


def test_nesting_far_beyond_the_recursion_limit_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="nested"):
        strict_json.loads("[" * 100_000)
