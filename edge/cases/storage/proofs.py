"""The entries that matter for some cases, as lines of a package: each with a proof that it is in the unit's tree."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing

from edge.cases.evidence import Signs, canonical, has_content, sign_checkpoint
from edge.cases.storage.database import open_to_read
from edge.cases.storage.entries import read_filed_manifest
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.tree import ChainTree

OF_THE_CHAIN = ("key", "rotation", "restore")
"""Kinds without which no other entry can be judged: all of them are in every package."""
OF_THE_UNIT = ("clock", "configuration", "selfcheck", "software", "start", "stop", "trust_clock")
"""Kinds that say in which state the unit was: the newest of each before a case, and those while it was pending."""


def entries_for(database: sqlite3.Connection, numbers: Iterable[int], also: Iterable[int] = ()) -> list[int]:
    """The numbers of the entries that matter for the cases *numbers*, in order, and of those in *also* that exist.

    These are all entries of the cases, the keys, what the unit said of itself around them, and the self-check after.

    Raises:
        sqlite3.Error: the database cannot be read.
    """
    chosen = set(_seqs(database, f"case_number IS NULL AND kind IN {OF_THE_CHAIN}"))
    for number in numbers:
        own = _seqs(database, "case_number = ?", number)
        chosen.update(own)
        for kind in OF_THE_UNIT:
            chosen.update(
                _seqs(database, "case_number IS NULL AND kind = ? AND seq < ?", kind, own[0], order="DESC LIMIT 1")
            )
        (decided,) = _seqs(database, "case_number = ? AND kind = 'decided'", number)
        between = f"case_number IS NULL AND kind IN {OF_THE_UNIT} AND seq > ? AND seq < ?"
        chosen.update(_seqs(database, between, own[0], decided))
        after = "case_number IS NULL AND kind = 'selfcheck' AND seq > ?"
        chosen.update(_seqs(database, after, decided, order="LIMIT 1"))
    for seq in also:
        chosen.update(_seqs(database, "seq = ?", seq))
    return sorted(chosen)


def chain_file(folder: StateFolder, numbers: Sequence[int], seqs: Sequence[int], signer: Signs | None) -> bytes:
    """The file with the entries *seqs* of a package of the cases *numbers*, one a line.

    With *signer* each has its proof, and the last line is a checkpoint: the last of *seqs* is the newest entry of its
    tree. Contents are those of entries about *numbers* or about no case.

    Raises:
        CaseError: there is no store, or it has another schema.
        sqlite3.Error: the database cannot be read.
    """
    last, lines = seqs[-1], []
    with closing(open_to_read(folder)) as database:
        database.execute("BEGIN")
        tree = ChainTree(folder, database, last) if signer is not None else None
        lines += [line + b"\n" for line in _lines(database, seqs, set(numbers), tree)]
        if signer is not None and tree is not None:
            (digest,) = database.execute("SELECT hash FROM entries WHERE seq = ?", (last,)).fetchone()
            serial = str(read_filed_manifest(database, numbers[0])["unit"].get("serial", ""))
            lines.append(sign_checkpoint(signer, serial, last, digest, tree.root, at_utc=time.time()))
    return b"".join(lines)


def _lines(
    database: sqlite3.Connection, seqs: Iterable[int], numbers: Collection[int], tree: ChainTree | None
) -> Iterator[bytes]:
    sql = "SELECT kind, case_number, header, body, signature, key_id FROM entries WHERE seq = ?"
    for seq in seqs:
        kind, number, header, body, signature, key_id = database.execute(sql, (seq,)).fetchone()
        line: dict[str, object] = {"header": header.decode("utf-8")}
        if body is not None and has_content(kind, number, numbers):
            line["body"] = body.decode("utf-8")
        if signature is not None:
            line.update(signature=signature.hex(), key_id=key_id)
        if tree is not None:
            line["proof"] = tree.proof(seq)
        yield canonical(line)


def _seqs(database: sqlite3.Connection, where: str, *parameters: object, order: str = "") -> list[int]:
    sql = f"SELECT seq FROM entries WHERE {where} ORDER BY seq {order}"  # noqa: S608 - of constants
    return [int(seq) for (seq,) in database.execute(sql, parameters)]
