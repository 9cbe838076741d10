"""Who may do what at the centre: officers by the account of their computer, each with rights.

As long as nobody is an officer, whoever may run the commands may do everything, as before there were rights. From the
first officer on, who must be one that administers, the table counts. What is refused is in the centre's chain.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple, NoReturn

from centre.database import Connection
from centre.errors import CentreError
from centre.records.journal import Officer, enter
from edge.cases.evidence import Signer

_LOCK: Final = "LOCK TABLE officers IN SHARE ROW EXCLUSIVE MODE"


class Right(StrEnum):
    """What an officer may do."""

    SEARCH = "search"
    """List and search cases, ask who searched, verify."""
    DRIVERS = "drivers"
    """See who drove: names in lists; with ``search``, whole cases and exports."""
    ORDER = "order"
    """Make, sign and withdraw orders to units."""
    REGISTRY = "registry"
    """Enter drivers, replace and revoke chips, list them."""
    ADMINISTER = "administer"
    """Units, officers, signers, alarms, the keys of the registry."""


_WHAT: Final = {
    Right.SEARCH: "list or search cases",
    Right.DRIVERS: "see who drove",
    Right.ORDER: "give orders to units",
    Right.REGISTRY: "see or change the registry",
    Right.ADMINISTER: "administer the centre",
}


class Account(NamedTuple):
    """An officer of the table."""

    name: str
    rights: frozenset[Right]
    added_at: datetime
    added_by: str


async def rights_of(connection: Connection, account: str) -> frozenset[Right]:
    """The rights of *account*: all, as long as there is no officer."""
    rows = await list_officers(connection)
    return next((each.rights for each in rows if each.name == account), frozenset(() if rows else Right))


async def refuse(
    connection: Connection, signer: Signer, account: str, rights: Collection[Right], command: str
) -> NoReturn:
    """Refuse *command*, which needs *rights* that *account* lacks; that it asked is in the centre's chain first.

    Raises:
        CentreError: always.
    """
    has = await rights_of(connection, account)
    missing = next(right for right in Right if right in rights and right not in has)
    await enter(connection, signer, "refused", {"officer": account, "right": missing, "command": command})
    raise CentreError(
        f"the account {account} may not {_WHAT[missing]}",
        f"who administers the centre can give the right: autovelox-centre officers add {account} --may {missing}",
    )


async def list_officers(connection: Connection) -> list[Account]:
    """All officers, by name."""
    rows = await connection.fetch("SELECT account, rights, added_at, added_by FROM officers ORDER BY account")
    return [Account(row[0], frozenset(map(Right, row[1])), row[2], row[3]) for row in rows]


async def add_officer(
    connection: Connection, signer: Signer, officer: Officer, account: str, rights: Collection[Right]
) -> None:
    """Let *account* have *rights* and no others; what it had before is over. It is in the centre's chain first.

    Raises:
        CentreError: nobody would administer the centre any more, or the account is no name of one.
    """
    if not account.isascii() or not account.isprintable() or not 1 <= len(account) <= 64 or " " in account:
        raise CentreError("that is no name of an account", "write it as `id -un` does")
    ordered = [right for right in Right if right in rights]
    async with connection.transaction():
        await connection.execute(_LOCK)
        await _keep_an_administrator(connection, account, rights)
        await enter(connection, signer, "officer", officer.said(account=account, rights=ordered))
        await connection.execute(
            "INSERT INTO officers (account, rights, added_by) VALUES ($1, $2, $3)"
            " ON CONFLICT (account) DO UPDATE SET rights = $2, added_by = $3, added_at = now()",
            *(account, ordered, officer.name),
        )


async def end_officer(connection: Connection, signer: Signer, officer: Officer, account: str) -> None:
    """Let *account* do nothing any more. It is in the centre's chain first.

    Raises:
        CentreError: it is no officer, or nobody would administer the centre any more.
    """
    async with connection.transaction():
        await connection.execute(_LOCK)
        if account not in {each.name for each in await list_officers(connection)}:
            raise CentreError(f"{account} is no officer", "autovelox-centre officers list shows who is")
        await _keep_an_administrator(connection, account, ())
        await enter(connection, signer, "officer_ended", officer.said(account=account))
        await connection.execute("DELETE FROM officers WHERE account = $1", account)


async def _keep_an_administrator(connection: Connection, account: str, rights: Collection[Right]) -> None:
    others = [each for each in await list_officers(connection) if each.name != account]
    if Right.ADMINISTER not in rights and not any(Right.ADMINISTER in each.rights for each in others):
        raise CentreError("nobody would administer the centre", "let somebody administer it first: --may administer")
