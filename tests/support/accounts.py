"""Real other accounts, a unit's folders as its services' files make them, and a unit that works in them."""

from __future__ import annotations

import asyncio
import codecs
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edge.cases.store import CaseStore
from tests.support import cases

UNIT, OFFICER, STRANGER, SECOND, GROUP = 61001, 61002, 61003, 61004, 62001


def fork_as(uid: int, gid: int, groups: list[int], work: Callable[[], object]) -> int:
    """Begin *work* in a process of the account *uid* and its groups; returns its number."""
    codecs.lookup("utf-8-sig")  # configurations are read with it, and the account may not read this Python's library
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
    return child


def _as(uid: int, gid: int, groups: list[int], work: Callable[[], object]) -> None:
    """Do *work* as the account *uid*; it must end well."""
    assert os.waitstatus_to_exitcode(os.waitpid(fork_as(uid, gid, groups, work), 0)[1]) == 0


def as_unit(work: Callable[[], object]) -> None:
    """Do *work* as the unit."""
    _as(UNIT, GROUP, [], work)


def as_second_officer(work: Callable[[], object]) -> None:
    """Do *work* as another member of the unit's group."""
    _as(SECOND, SECOND, [GROUP], work)


def as_officer(work: Callable[[], object]) -> None:
    """Do *work* as a member of the unit's group."""
    _as(OFFICER, OFFICER, [GROUP], work)


def as_stranger(work: Callable[[], object]) -> None:
    """Do *work* as somebody else."""
    _as(STRANGER, STRANGER, [], work)


def refused(work: Callable[[], object], error: type[BaseException], words: str = "") -> None:
    """Fail unless *work* raises *error*, with *words* in its message."""
    try:
        work()
    except error as refusal:
        assert words in str(refusal), refusal
        return
    raise AssertionError("it was allowed")


@dataclass(frozen=True)
class Place:
    """A unit's folders as its services' files make them, below folders that everybody may pass."""

    top: Path

    @property
    def state(self) -> Path:
        """The state folder."""
        return self.top / "state"

    @property
    def socket(self) -> Path:
        """The officers' service's socket."""
        return self.top / "run" / "officers.sock"


@contextmanager
def unit_place() -> Iterator[Place]:
    """Folders for the account :data:`UNIT`."""
    with tempfile.TemporaryDirectory() as top:
        Path(top).chmod(0o711)
        found = Place(Path(top))
        for folder, mode in ((found.state, 0o700), (found.socket.parent, 0o750)):
            folder.mkdir()
            os.chown(folder, UNIT, GROUP)
            folder.chmod(mode)
        yield found


def run_unit(state_dir: Path) -> None:
    """The unit's part: two cases, the second still pending."""

    async def fill() -> None:
        store = await CaseStore.open(state_dir, cases.SIGNER, cases.UNIT)
        assert store.problem() is None
        for decide in (True, False):
            sealed = cases.packet()
            number = await store.file_case(cases.trigger(), [cases.photo()], [sealed], limit_kmh=50.0, site="SP 235")
            if decide:
                await store.enter_verdict(number, cases.identified(sealed))
        await store.close()

    asyncio.run(fill())
