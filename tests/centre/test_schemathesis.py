"""Requests made of ``openapi.json`` by schemathesis: whatever is asked, the answer is one that the document has."""

from __future__ import annotations

import asyncio
import json
import os
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from edge.delivery.wire import LINES_TYPE
from tests.support.cases import SIGNER, filled
from tests.support.centre import Centre, lines_of
from tests.support.documents import CHECKS

DOCUMENT: dict[str, Any] = json.loads((resources.files("centre.web") / "openapi.json").read_text(encoding="utf-8"))
EXAMPLES = max(8, int(os.environ.get("AUTOVELOX_FUZZ_CASES", "0")) // 500)
"""Requests of each operation that fit the document, and as many that do not."""
MODES = {"requests that fit": GenerationMode.POSITIVE, "requests that do not": GenerationMode.NEGATIVE}


@schemathesis.serializer(LINES_TYPE)
def as_lines(_: schemathesis.SerializationContext, value: Any) -> bytes:
    """A text as it is, and whatever else as one line of JSON."""
    return value.encode("utf-8", "replace") if isinstance(value, str) else json.dumps(value).encode() + b"\n"


def ask_everything(centre: Centre, authorization: dict[str, str], mode: GenerationMode) -> int:
    """Ask every operation of the document; returns how many requests were answered as it says."""
    document = schemathesis.openapi.from_dict(DOCUMENT)
    answered = 0
    for found in document.get_all_operations():
        operation = found.ok()
        if mode is GenerationMode.NEGATIVE and not (operation.body or operation.path_parameters or operation.headers):
            continue  # nothing in it can be wrong

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )
        @given(case=operation.as_strategy(mode))
        def ask(case: schemathesis.Case) -> None:
            nonlocal answered
            headers = dict(authorization)
            case.call_and_validate(
                base_url=centre.url, headers=headers, verify=str(centre.authority), checks=CHECKS, timeout=20
            )
            answered += 1

        ask()
    return answered


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES.keys())
async def test_every_answer_is_one_that_the_document_has(centre: Centre, tmp_path: Path, mode: GenerationMode) -> None:
    await filled(tmp_path / "unit", 1)
    async with await centre.let_in("A1", SIGNER, tmp_path) as client:
        await client.log_in(b"")
        await client.entries(lines_of(tmp_path / "unit"))
        answered = await asyncio.to_thread(ask_everything, centre, client.authorization, mode)
        assert answered >= 5 * EXAMPLES
        await client.log_in(b"")
        assert (await client.head()).seq == 3, "and the unit goes on"
    assert await centre.pool.fetchval("SELECT count(*) FROM units") == 1
