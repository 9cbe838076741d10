"""Whose request a connection works for: PostgreSQL shows the service's role the rows of that unit and no others.

What stands in the session is a *pass*: a scope, a name, and a code that only who knows the database's secret can make.
A statement that somebody smuggled in cannot give itself another unit's (``schema/010_rows_of_one_unit.sql``).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import asyncpg

from centre.database.types import Connection

SECRET = "SELECT secret FROM visit_secret"  # noqa: S105 - a statement, and only the schema's owner may ask it
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_door: ContextVar[Door | None] = ContextVar("door", default=None)
_token: ContextVar[str] = ContextVar("token", default="")
_visit: ContextVar[tuple[str, str] | None] = ContextVar("visit", default=None)


@contextmanager
def as_unit(unit: int) -> Iterator[None]:
    """Connections taken meanwhile see the rows of the unit that has this id."""
    with _as("unit", str(unit)):
        yield


@contextmanager
def as_login(serial: str) -> Iterator[None]:
    """Connections taken meanwhile see what lets the unit *serial* log in, and none of its cases."""
    with _as("login", serial):
        yield


@contextmanager
def as_house() -> Iterator[None]:
    """Connections taken meanwhile see how every unit is, and no case: for the centre's own rounds."""
    with _as("house", "-"):
        yield


DOOR = "set_config('autovelox.visit', $1, false)"
"""What the statement of who asks :func:`at_the_door` selects besides, with :attr:`Door.shown` as first parameter."""


class Session(asyncpg.Connection):  # type: ignore[misc]
    """A connection that remembers the pass which the door gave its session.

    The process id of the server would not do instead: connections to two servers, or through a pooler, may share one.
    """

    __slots__ = ("_given",)

    def __init__(self, *args: Any, **more: Any) -> None:
        """What asyncpg makes, with no pass."""
        super().__init__(*args, **more)
        self._given: str | None = None

    def give_pass(self, text: str) -> None:
        """The door's statement has put this pass into the session."""
        self._given = text

    def take_pass(self) -> str | None:
        """The pass that the door gave, for one use; None where nobody knows what the session has."""
        text, self._given = self._given, None
        return text


@dataclass(slots=True)
class Door:
    """The way in of one request: its statement says which unit a token is of, in a function that asks no pass.

    That statement also gives the connection the pass of the unit that had this token last, or nobody's. So the request
    takes one trip to PostgreSQL instead of two where it goes on with the same connection; where the token is another
    unit's by now, or none, the connection gets another pass before its next use.
    """

    guess: int | None
    shown: str = ""
    _give: Callable[[str], None] | None = None

    def come(self, passes: Passes, connection: Connection) -> None:
        """It is this *connection* of a pool with these *passes* that asks."""
        self.shown = passes.text(("unit", str(self.guess))) if self.guess is not None else ""
        self._give = connection.give_pass

    def passed(self) -> None:
        """The statement was answered, so the connection has the pass."""
        if self._give is not None:
            self._give(self.shown)


@contextmanager
def at_the_door(guess: int | None = None) -> Iterator[Door]:
    """Connections taken meanwhile get no pass: they are for the one statement that gives it (:class:`Door`).

    *guess* is the unit that showed the same token last; None where it is not known.
    """
    door = Door(guess)
    token = _door.set(door)
    try:
        yield door
    finally:
        _door.reset(token)


@contextmanager
def _as(scope: str, name: str) -> Iterator[None]:
    token = _visit.set((scope, name) if _NAME.fullmatch(name) else None)
    try:
        yield
    finally:
        _visit.reset(token)


@contextmanager
def showing(token: str) -> Iterator[None]:
    """Connections of the opening service taken meanwhile see the rows of the unit that was given *token*.

    That service knows no secret to make a pass with; who has smuggled in a statement has no other unit's token.
    """
    before = _token.set(token)
    try:
        yield
    finally:
        _token.reset(before)


async def show(connection: Connection) -> None:
    """What the opening service's pool does with a connection before it gives it out."""
    await connection.fetchval("SELECT set_config('autovelox.token', $1, false)", _token.get())


class Passes:
    """The passes of a pool's connections: whose request each one works for, and what makes a pass."""

    def __init__(self, secret: bytes) -> None:
        """*secret* is the database's (:data:`SECRET`)."""
        self._secret = secret

    async def introduce(self, connection: Connection) -> None:
        """What the pool does with a :class:`Session` before it gives it out: say whose request it is for, or nobody's.

        Only where it comes straight from the door, which gave it that pass, nothing is to be said: after any other use
        nobody knows what a statement that was smuggled in has left in the session.
        """
        given, door = connection.take_pass(), _door.get()
        if door is not None:
            door.come(self, connection)
        elif given != (wanted := self.text(_visit.get())):
            await connection.execute(f"SET autovelox.visit = '{wanted}'")

    def text(self, visit: tuple[str, str] | None) -> str:
        """The pass for a scope and a name; nobody's, which is empty, for none."""
        if visit is None:
            return ""
        said = " ".join(visit)
        inner = hashlib.sha256(self._secret + said.encode("ascii")).digest()
        return f"{said} {hashlib.sha256(self._secret + inner).hexdigest()}"
