"""Looks at a state folder as :meth:`edge.cases.storage.writer.Writer.open` will find it, and writes nothing."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

from edge.cases.evidence import Signer
from edge.cases.storage.database import migrations, open_any_version
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.unit_chain import UnitChain
from edge.errors import CaseError


def examine(folder: StateFolder, signer: Signer) -> None:
    """Refuse a state folder in which no store can be opened or made, whether a daemon uses it or not.

    Raises:
        CaseError: it cannot be written; the database is damaged, or a newer program wrote it; the remembered head
            cannot be read.
        SecretError: the cases are signed with another key.
    """
    there = next(path for path in (folder.root.absolute(), *folder.root.absolute().parents) if os.path.lexists(path))
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise CaseError(
            f"{folder.root} cannot be written: {there} is no folder that this account may write",
            "check unit.state_dir and the folder's owner, and run as the unit's account or root",
        )
    if not os.path.lexists(folder.database):
        return
    chain = UnitChain(folder, signer)
    database, found = open_any_version(folder)
    path, newest = folder.database, len(migrations())
    with closing(database):
        if found > newest:
            raise CaseError(f"{path} was written by a newer program (schema {found})", "update this program")
        try:
            (check,) = database.execute("PRAGMA quick_check(1)").fetchone()
            if check == "ok" and found == newest:  # an earlier version is migrated first
                chain.check_key(database)
        except sqlite3.Error as error:
            check = str(error)
    if check != "ok":
        raise CaseError(f"{path} is damaged ({check})", "restore the last backup")
