"""The service: HTTP over a Unix socket, one request in, one call of the office, one answer out.

Who may connect is said by the socket's folder and mode; who connected is said by the kernel. What one account asks for
is bounded, so that it cannot keep the others out. Nothing begins while the unit files a case.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from edge.cases import StateFolder, pauses
from edge.errors import CaseError, EdgeError
from edge.officers import wire
from edge.officers.accounts import Account, account_of
from edge.officers.http import Malformed, as_json, as_problem, log_failure, read_body
from edge.officers.listening import PeerServer, uid_of
from edge.officers.office import Office
from edge.officers.operations import ROUTES, Asked
from edge.officers.streams import Gone
from edge.sockets import SOCKET_MODE, clear_socket

REQUESTS_OF_AN_ACCOUNT = 16
"""Open at once; and of those that take long, one."""
MOST_LONG = 8
"""Pieces of long work of all accounts, until their answers have been sent."""
TURN_S = 1.0
"""How long a piece of long work waits for its turn before it is refused."""
QUICK_THREADS, LONG_THREADS = 4, 2
"""Threads for reading and recording, and for packages, reports and verifications."""


class Busy(Exception):
    """The account asks for too much at once."""


class Server:
    """Answers at the Unix socket *path* for ``office``."""

    def __init__(self, office: Office, path: Path) -> None:
        """Nothing listens before :meth:`start`."""
        self.office = office
        self._folder = StateFolder(office.state_dir)
        self._path = path
        self._runner: web.ServerRunner | None = None
        self._quick = ThreadPoolExecutor(QUICK_THREADS, thread_name_prefix="quick")
        self._long = ThreadPoolExecutor(LONG_THREADS, thread_name_prefix="long")
        self._asking: Counter[int] = Counter()
        self._asking_long: set[int] = set()
        self._routes = [(route, route.pattern) for route in ROUTES]

    async def start(self) -> None:
        """Listen.

        Raises:
            CaseError: another service listens there, or the socket cannot be made.
        """
        try:
            clear_socket(self._path)
            self._runner = web.ServerRunner(PeerServer(self.answer))
            await self._runner.setup()
            await web.UnixSite(self._runner, self._path).start()
            self._path.chmod(SOCKET_MODE)  # until here it was its owner's alone
        except OSError as error:
            await self.stop()
            raise CaseError(
                f"the officers' service cannot listen at {self._path} ({error.strerror or error})",
                "check [officers] socket and the folder's owner",
            ) from None

    async def stop(self) -> None:
        """Stop listening; requests that were begun are finished."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
        for pool in (self._quick, self._long):
            await asyncio.to_thread(pool.shutdown, cancel_futures=True)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; what goes wrong becomes a problem (RFC 9457)."""
        try:
            uid = uid_of(request)
            with self._counted(uid):
                return await self._route(uid, request)
        except Busy:
            return as_problem(wire.BUSY, 429, "this account asks for too much at once", "wait for an answer, ask again")
        except Malformed as error:
            return as_problem(wire.MALFORMED, 400, str(error), "use the program that came with this service")
        except EdgeError as error:
            status, body = wire.problem(error)
            return as_json(body, status, "application/problem+json")
        except web.HTTPException:
            raise  # aiohttp's own answers: a body that is too large
        except Gone:
            return web.Response(status=408)  # to nobody
        except Exception as error:
            log_failure(error)
            return as_problem("case", 500, "the officers' service failed", "let the operator read its journal")

    async def _route(self, uid: int, request: web.BaseRequest) -> web.StreamResponse:
        known = False
        for route, pattern in self._routes:
            match = pattern.fullmatch(request.path)
            known = known or match is not None
            if match is not None and request.method == route.method:
                account = await asyncio.to_thread(account_of, uid)
                numbers = tuple(int(group) for group in match.groups())
                body = await read_body(request) if request.method == "POST" else {}
                await self.give_way()
                return await route.run(self, Asked(account, request, numbers, body))
        if known:
            return as_problem(wire.MALFORMED, 405, "that cannot be done with it", "openapi.json says what can")
        return as_problem(wire.MALFORMED, 404, "there is no such address", "openapi.json says which there are")

    async def give_way(self) -> None:
        """Wait while the unit files a case; see :mod:`edge.cases.storage.right_of_way`."""
        for pause_s in pauses(self._folder):
            await asyncio.sleep(pause_s)

    @contextmanager
    def _counted(self, uid: int) -> Iterator[None]:
        if self._asking[uid] >= REQUESTS_OF_AN_ACCOUNT:
            raise Busy
        self._asking[uid] += 1
        try:
            yield
        finally:
            self._asking[uid] -= 1
            if not self._asking[uid]:
                del self._asking[uid]

    async def quick(self, work: Callable[..., Any], *arguments: Any, **words: Any) -> Any:
        """Run *work* of the office in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._quick, lambda: work(*arguments, **words))

    @asynccontextmanager
    async def turn(self, account: Account) -> AsyncIterator[None]:
        """Let *account* have one piece of long work, until its answer has been sent; it takes room on the disk.

        Who has read an answer to its last byte may ask again before this process knows that it was sent: so a turn is
        waited for a moment.

        Raises:
            Busy: it has one already, or there are too many.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + TURN_S
        while account.uid in self._asking_long or len(self._asking_long) >= MOST_LONG:
            if loop.time() >= until:
                raise Busy
            await asyncio.sleep(TURN_S / 50)
        self._asking_long.add(account.uid)
        try:
            yield
        finally:
            self._asking_long.discard(account.uid)

    async def long(self, work: Callable[..., Any], *arguments: Any, **words: Any) -> Any:
        """Run *work*, which takes seconds, in a thread; in the account's :meth:`turn`."""
        return await asyncio.get_running_loop().run_in_executor(self._long, lambda: work(*arguments, **words))
