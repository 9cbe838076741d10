"""The viewer as it is on a unit: its cases come from the officers' service, not from a store of its own account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.cases.archive import Archive
from edge.cases.evidence.verify import check_package
from edge.officers.accounts import own_account
from edge.officers.client import ServiceDesk
from edge.viewer.control.evidence import save
from tests.support import stores
from tests.support.desk import OpenDesk
from tests.support.officers import service


@pytest.fixture
def asked(state_dir: Path) -> Iterator[ServiceDesk]:
    """A desk at the service of *state_dir*."""
    with service(state_dir) as path:
        desk = ServiceDesk(path)
        yield desk
        desk.close()


def test_a_case_is_seen_judged_and_exported(
    open_desk: OpenDesk, state_dir: Path, asked: ServiceDesk, tmp_path: Path
) -> None:
    desk = open_desk(state_dir, desk=asked)
    desk.open_first()
    assert desk.viewer.camera.photo.picture_size is not None
    desk.press("c")
    desk.until(lambda: "Confirm the verdict of case 12" in desk.texts())
    desk.type("checked by eye")
    desk.press("Return")
    desk.shows(11)
    desk.press("p")
    desk.until(lambda: "Confirmed" in desk.texts())
    desk.press("space")
    desk.until(lambda: desk.viewer.actions.lightbox is not None and desk.viewer.actions.lightbox.drawings > 0)
    desk.press("Escape")
    save(asked, 12, tmp_path / "case.zip")
    assert check_package(tmp_path / "case.zip", stores.SIGNER.public_key)
    with Archive(state_dir) as archive:
        events = [(str(event.kind), event.officer) for event in archive.events(12)]
    assert events == [(kind, own_account().officer) for kind in ("view", "confirm", "export")]


def test_new_cases_arrive_and_a_service_that_ends_is_told(open_desk: OpenDesk, state_dir: Path) -> None:
    with service(state_dir) as path:
        asked = ServiceDesk(path)
        desk = open_desk(state_dir, desk=asked)
        desk.listed()
        stores.fill(state_dir, [stores.Scene(plate="NEW01AA")])
        desk.until(lambda: desk.viewer.cases.total == 13)
    desk.until(lambda: "does not answer" in desk.texts())
    desk.shot("service-gone")
