"""Checks values against the part of JSON Schema that ``openapi.json`` uses; a keyword it does not know is an error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}
SAYS_NOTHING = {"description", "default", "contentEncoding"}


def check(value: Any, schema: Mapping[str, Any], document: Mapping[str, Any], where: str = "it") -> None:
    """Fail unless *value* is what *schema* of the OpenAPI *document* says."""
    schema = resolve(schema, document)
    for keyword, wanted in schema.items():
        if keyword == "type":
            names = [wanted] if isinstance(wanted, str) else wanted
            kinds = tuple(kind for name in names for kind in TYPES[name])
            fine = isinstance(value, kinds) and (not isinstance(value, bool) or "boolean" in names)
            assert fine, f"{where} is {value!r}, no {wanted}"
        elif keyword == "anyOf":
            assert any(fits(value, each, document, where) for each in wanted), f"{where} is none of what it may be"
        elif keyword == "enum":
            assert value in wanted, f"{where} is {value!r}, none of {wanted}"
        elif keyword == "required":
            assert set(wanted) <= set(value), f"{where} lacks {set(wanted) - set(value)}"
        elif keyword == "properties":
            for name in set(wanted) & set(value):
                check(value[name], wanted[name], document, f"{where}.{name}")
        elif keyword == "additionalProperties":
            assert wanted is False
            assert set(value) <= set(schema["properties"]), f"{where} has {set(value) - set(schema['properties'])}"
        elif keyword == "items":
            for index, item in enumerate(value):
                check(item, wanted, document, f"{where}[{index}]")
        elif keyword == "minimum":
            assert value >= wanted, f"{where} is {value}"
        elif keyword == "maximum":
            assert value <= wanted, f"{where} is {value}"
        elif keyword == "pattern":
            assert re.search(wanted, value), f"{where} is {value!r}"
        elif keyword in ("minItems", "minLength"):
            assert len(value) >= wanted, f"{where} has {len(value)}"
        elif keyword in ("maxItems", "maxLength"):
            assert len(value) <= wanted, f"{where} has {len(value)}"
        else:
            assert keyword in SAYS_NOTHING, f"{where}: this check does not know {keyword}"


def resolve(part: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a ``$ref`` points to, or *part* itself."""
    while "$ref" in part:
        found: Any = document
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


def fits(value: Any, schema: Mapping[str, Any], document: Mapping[str, Any], where: str) -> bool:
    """Whether *value* is what *schema* says."""
    try:
        check(value, schema, document, where)
    except AssertionError:
        return False
    return True
