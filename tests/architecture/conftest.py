"""The syntax trees of the whole source are a million objects: these tests share them, no others keep them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.architecture.source import modules


@pytest.fixture(scope="package", autouse=True)
def _trees() -> Iterator[None]:
    yield
    modules.cache_clear()
