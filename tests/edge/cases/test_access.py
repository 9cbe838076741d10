"""Who may see and judge cases is a Unix group: tried as other accounts, with the strict umask the unit has."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.cases import review
from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.store import CaseStore
from edge.cases.views import EventKind
from edge.errors import CaseError
from tests.support import cases

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can become other accounts")
UNIT, OFFICER, STRANGER, GROUP = 61001, 61002, 61003, 62001


def _as(uid: int, gid: int, groups: list[int], work: Callable[[], None]) -> None:
    """Do *work* in a process of the account *uid* and its groups; it must end well."""
    child = os.fork()
    if child == 0:  # nothing of the test may run on in the child, whatever happens
        try:
            os.setgroups(groups)
            os.setresgid(gid, gid, gid)
            os.setresuid(uid, uid, uid)
            os.umask(0o077)
            work()
        except BaseException:
            traceback.print_exc(file=sys.stderr)
            os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.fixture(scope="module", autouse=True)
def _all_imported(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Do everything once: other accounts may not be able to read this interpreter's modules."""
    folder = tmp_path_factory.mktemp("warm")
    _run_unit(folder)
    _judge(folder)


@pytest.fixture
def state_dir() -> Iterator[Path]:
    """A state folder as the service's unit file makes it, below folders that everybody may pass."""
    with tempfile.TemporaryDirectory() as top:
        Path(top).chmod(0o711)
        folder = Path(top) / "state"
        folder.mkdir()
        os.chown(folder, UNIT, GROUP)
        folder.chmod(0o3770)
        yield folder


def _run_unit(state_dir: Path) -> None:
    """The unit's part: two cases, the second still pending."""

    async def fill() -> None:
        store = await CaseStore.open(state_dir, cases.SIGNER, cases.UNIT)
        for decide in (True, False):
            sealed = cases.packet()
            number = await store.file(cases.trigger(), [cases.frame()], [sealed], limit_kmh=50.0, site="SP 235")
            if decide:
                await store.decide(number, cases.identified(sealed))
        await store.close()

    asyncio.run(fill())


def _judge(state_dir: Path) -> None:
    with Archive(state_dir) as archive:
        case = archive.case(1)
        assert archive.frame_path(case).read_bytes()
        assert len(archive.summaries()) == 2
    review.record(state_dir, 1, kind=EventKind.VIEW, officer="Sara Conti")
    review.record(state_dir, 1, kind=EventKind.CONFIRM, officer="Sara Conti", reason="checked")


def _refused(work: Callable[[], object], error: type[Exception]) -> None:
    try:
        work()
    except error:
        return
    raise AssertionError("it was allowed")


def test_the_group_sees_and_judges_and_nobody_else_does(state_dir: Path) -> None:
    _as(UNIT, GROUP, [], lambda: _run_unit(state_dir))
    _as(OFFICER, OFFICER, [GROUP], lambda: _judge(state_dir))
    _as(STRANGER, STRANGER, [], lambda: _refused(lambda: Archive(state_dir), CaseError))
    sealed = state_dir / "frames" / "00000002" / "pending.json"
    assert sealed.is_file()
    _as(OFFICER, OFFICER, [GROUP], lambda: _refused(sealed.read_bytes, PermissionError))
    photo = state_dir / "frames" / "00000001" / "0.jpg"
    _as(OFFICER, OFFICER, [GROUP], lambda: _refused(lambda: photo.write_bytes(b""), PermissionError))
    _as(OFFICER, OFFICER, [GROUP], lambda: _refused(photo.unlink, PermissionError))
    _as(OFFICER, OFFICER, [GROUP], lambda: _refused((state_dir / "cases.sqlite").unlink, PermissionError))
    _as(UNIT, GROUP, [], lambda: _run_unit(state_dir))  # goes on beside what the officer's process left
    assert audit(state_dir)
    assert not list(state_dir.glob("*copy*"))


def test_the_group_sees_whether_the_unit_runs(state_dir: Path) -> None:
    def look() -> None:
        with Archive(state_dir) as archive:
            assert archive.status().daemon_alive
        review.record(state_dir, 1, kind=EventKind.VIEW, officer="Sara Conti")

    _as(UNIT, GROUP, [], lambda: _run_unit(state_dir))
    ready, done = os.pipe(), os.pipe()
    unit = os.fork()
    if unit == 0:
        try:
            _as(UNIT, GROUP, [], lambda: _hold(state_dir, ready[1], done[0]))
        finally:
            os._exit(0)
    try:
        assert os.read(ready[0], 1) == b"."
        _as(OFFICER, OFFICER, [GROUP], look)
    finally:
        os.write(done[1], b".")
        os.waitpid(unit, 0)
        for end in (*ready, *done):
            os.close(end)
    with Archive(state_dir) as archive:
        assert [event.kind for event in archive.events(1)] == [EventKind.VIEW]


def _hold(state_dir: Path, ready: int, done: int) -> None:
    """Run the unit until told."""

    async def run() -> None:
        store = await CaseStore.open(state_dir, cases.SIGNER, cases.UNIT)
        os.write(ready, b".")
        await asyncio.to_thread(os.read, done, 1)
        await store.close()

    asyncio.run(run())
