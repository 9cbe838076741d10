"""What an officer of the centre may see of one case: entered in the centre's chain before it is given."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from centre.database import Connection, Row
from centre.delivery import PORTRAIT, read_blob
from centre.errors import CentreError
from centre.records.journal import Officer, enter
from centre.records.of_entries import without_a_name
from edge.cases.evidence import Signer, canonical

_CASE = """
SELECT unit_id, serial, number, filed_seq, decided_seq, cases.state, plate, corrected_plate
FROM cases JOIN units ON units.id = unit_id
WHERE serial = $1 AND number = $2
"""


OF_THE_DRIVER = ("driver", "packet", "opening")
"""What a manifest says of who is named, the packet and the centre's statement included."""
_TAKEN_AWAY = "officers took the name of this case away, by the plate they read or by setting it aside"
_LEFT_OUT = f"{_TAKEN_AWAY}: driver, packet and opening are left out; --signed shows what the unit signed"
_SIGNED = f"{_TAKEN_AWAY}: the driver below is what the unit signed before, and no longer counts"
_EXPORTED = (
    f"{_TAKEN_AWAY}: these files name who was named before, as the unit signed it, and that no longer counts; they are"
    " for authority and judge"
)


class Exported(NamedTuple):
    """The *names* of the files of an exported case, and a *note* where officers took its name away; else empty."""

    names: Sequence[str]
    note: str = ""


async def show_case(
    connection: Connection, signer: Signer, officer: Officer, unit: str, number: int, *, signed: bool = False
) -> dict[str, Any]:
    """The manifest of a case as the unit signed it last. The look is in the centre's chain first.

    Where officers took the name away it begins with a ``note`` that says so, and has nothing of
    :data:`OF_THE_DRIVER`; with *signed* it has all that was signed below the note.

    Raises:
        CentreError: there is no such case, or it was purged.
    """
    row = await _case(connection, unit, number)
    await enter(
        connection, signer, "view", officer.said(unit=unit, case=number, **({"signed": True} if signed else {}))
    )
    body = await connection.fetchval(
        "SELECT body FROM entries WHERE unit_id = $1 AND seq = $2",
        row["unit_id"],
        row["decided_seq"] or row["filed_seq"],
    )
    if body is None:
        raise CentreError(f"the content of case {number} of unit {unit} is not here", "ask the unit for it")
    manifest: dict[str, Any] = json.loads(body)
    if not await without_a_name(connection, [row]):
        return manifest
    if signed:
        return {"note": _SIGNED, **manifest}
    return {"note": _LEFT_OUT, **{name: value for name, value in manifest.items() if name not in OF_THE_DRIVER}}


async def export_case(
    connection: Connection, signer: Signer, officer: Officer, unit: str, number: int, to: Path
) -> Exported:
    """Write what the centre has of a case into the new folder *to*; the export is in the centre's chain first.

    It holds the headers and signatures of the unit's whole chain, the contents of the case's own entries and of those
    that are about no case, the photos, and the portrait: all that :func:`edge.cases.evidence.check_chain` needs. As in
    a unit's whole package, a name that officers took away is in it, with the entries that took it away.

    Raises:
        CentreError: there is no such case, it was purged, or *to* exists or cannot be written.
    """
    row = await _case(connection, unit, number)
    await enter(connection, signer, "export", officer.said(unit=unit, case=number))
    entries = await connection.fetch(
        "SELECT case_number, header, body, signature, key_id FROM entries WHERE unit_id = $1 ORDER BY seq",
        row["unit_id"],
    )
    note = _EXPORTED if await without_a_name(connection, [row]) else ""
    files = {"chain.jsonl": b"".join(_line(each, number) for each in entries)}
    places = await connection.fetch(
        "SELECT place, sha256 FROM files WHERE unit_id = $1 AND case_number = $2 ORDER BY place", row["unit_id"], number
    )
    for each in places:
        name = "portrait" if each["place"] == PORTRAIT else f"{each['place']}.jpg"
        data = await _whole(connection, row["unit_id"], each["sha256"])
        if data is not None:
            files[name] = data
    _write(to, files)
    return Exported(sorted(files), note)


async def _whole(connection: Connection, unit: int, digest: str) -> bytes | None:
    try:
        return await read_blob(connection, unit, digest)
    except ValueError:
        raise CentreError(
            f"the photo {digest[:16]} is not what was delivered", "restore the database's backup"
        ) from None


async def _case(connection: Connection, unit: str, number: int) -> Row:
    row = await connection.fetchrow(_CASE, unit, number)
    if row is None:
        raise CentreError(
            f"there is no case {number} of unit {unit}", "autovelox-centre cases list shows which there are"
        )
    if row["state"] == "purged":
        raise CentreError(f"case {number} of unit {unit} was purged", "choose another case")
    return row


def _line(row: Row, number: int) -> bytes:
    line = {"header": row["header"].decode("utf-8"), "signature": row["signature"].hex(), "key_id": row["key_id"]}
    if row["body"] is not None and row["case_number"] in (None, number):
        line["body"] = row["body"].decode("utf-8")
    return canonical(line) + b"\n"


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    try:
        folder.mkdir(mode=0o700)
        for name, data in files.items():
            (folder / name).write_bytes(data)
    except OSError as error:
        raise CentreError(
            f"{folder} cannot be written ({error.strerror})", "name a new folder in one of yours"
        ) from None
