"""The officers' service steps aside while the unit files a case: at the door, in long work, and while it sends."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from edge.cases.archive import Archive
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.right_of_way import RightOfWay
from edge.officers import streams
from edge.officers.client import ServiceDesk
from edge.officers.server import Server
from tests.support.cases import filled
from tests.support.officers import ask, service
from tests.support.patience import Endless, endless, has_begun, waiting


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Endless:
    """The service's patience, which never ends."""
    return endless(monkeypatch)


@pytest.fixture
async def way(tmp_path: Path) -> Iterator[RightOfWay]:
    """That of a daemon with two cases."""
    await filled(tmp_path, 2)
    taken = RightOfWay(StateFolder(tmp_path))
    yield taken
    taken.close()


REQUESTS = [
    ("GET", "/v1/cases?limit=50"),
    ("GET", "/v1/version"),
    ("GET", "/v1/status"),
    ("GET", "/v1/requests"),
    ("GET", "/v1/statistics"),
    ("POST", "/v1/cases/1/views"),
    ("POST", "/v1/cases/1/reports"),
    ("POST", "/v1/verifications"),
]


@pytest.mark.parametrize(("method", "address"), REQUESTS, ids=lambda part: part)
async def test_a_request_is_answered_once_the_case_is_filed(
    tmp_path: Path, way: RightOfWay, patience: Endless, method: str, address: str
) -> None:
    with service(tmp_path) as path:
        request = partial(ask, path, method, address, {} if method == "POST" else None)
        with waiting(way, patience, request) as asked, Archive(tmp_path) as archive:
            assert archive.events(1) == (), "nothing is recorded meanwhile"
        assert asked.result().status in (200, 201)


async def test_a_file_on_its_way_stops_between_two_blocks(
    tmp_path: Path, way: RightOfWay, patience: Endless, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its reader writes what it gets, perhaps to the same disk."""
    monkeypatch.setattr(streams, "BLOCK", 1 << 12)
    before, asked = Server.give_way, list[bool]()

    async def noted(self: Server) -> None:
        asked.append(True)
        if len(asked) == 4:  # at the door, and before each block
            way.take(1)
        await before(self)

    monkeypatch.setattr(Server, "give_way", noted)
    to = tmp_path.parent / f"{tmp_path.name}.zip"
    with service(tmp_path) as path, closing(ServiceDesk(path)) as desk, ThreadPoolExecutor(1) as pool:
        asked.clear()
        fetching = pool.submit(desk.export, [1, 2], to)
        try:
            await has_begun(patience)
            assert len(asked) == 4 and not fetching.done() and not to.exists()
        finally:
            way.give_back(1)
        assert fetching.result().startswith("Everything holds")
        assert len(asked) > 4 and to.stat().st_size > 4 << 12


async def test_the_service_starts_and_stops_while_a_case_is_filed(tmp_path: Path, way: RightOfWay) -> None:
    """A service manager waits for neither; here patience ends as it does on a unit."""
    way.take(1)
    with service(tmp_path) as path:
        assert ask(path, "GET", "/v1/me").status == 200
