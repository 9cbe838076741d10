"""Whose request a connection works for: PostgreSQL shows the service's role the rows of that unit and no others.

What stands in the session is a *pass*: a scope, a name, and a code that only who knows the database's secret can make.
A statement that somebody smuggled in cannot give itself another unit's (``schema/010_rows_of_one_unit.sql``).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from centre.database.types import Connection

SECRET = "SELECT secret FROM visit_secret"  # noqa: S105 - a statement, and only the schema's owner may ask it
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_at_door: ContextVar[bool] = ContextVar("at_door", default=False)
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


DOOR = "set_config('autovelox.visit', '', false)"
"""What the statement of who asks :func:`at_the_door` selects besides: the connection is nobody's from then on."""


@contextmanager
def at_the_door() -> Iterator[None]:
    """Connections taken meanwhile still have their last pass: for the one statement that ends it (:data:`DOOR`).

    It says which unit a token is of, in a function that asks no pass; so each request is spared a trip to PostgreSQL.
    """
    token = _at_door.set(True)
    try:
        yield
    finally:
        _at_door.reset(token)


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


def introducing(secret: bytes) -> Callable[[Connection], Awaitable[None]]:
    """What a pool does with a connection before it gives it out: say whose request it is for, or nobody's."""

    async def introduce(connection: Connection) -> None:
        if not _at_door.get():
            await connection.execute(f"SET autovelox.visit = '{_pass(secret)}'")

    return introduce


def _pass(secret: bytes) -> str:
    visit = _visit.get()
    if visit is None:
        return ""
    said = " ".join(visit)
    inner = hashlib.sha256(secret + said.encode("ascii")).digest()
    return f"{said} {hashlib.sha256(secret + inner).hexdigest()}"
