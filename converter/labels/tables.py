"""The one reader of CSV files with labels, and the tables in the folder of the data."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from converter.errors import LabelError, MissingError

Corners = tuple[float, float, float, float]
"""x1, y1, x2, y2 in pixels."""
CORNERS = ("x1", "y1", "x2", "y2")
DETECTION, READING, FEED = Path("detect/boxes.csv"), Path("read/texts.csv"), Path("feed/truth.csv")
"""Tables in the folder of the data: boxes of plates in photos, texts of crops, plates in clips."""


def csv_rows(path: Path, needed: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the number of the line and the row of each line of a CSV file in UTF-8; a field that is missing is empty.

    Args:
        path: the file.
        needed: columns that the file must have.

    Raises:
        LabelError: a column is missing, or the file is no CSV in UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise LabelError(path, 1, "this is not text in UTF-8", "save the file in UTF-8") from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        missing = set(needed) - set(reader.fieldnames or ())
        if missing:
            cause = f"the column(s) {', '.join(sorted(missing))} are missing"
            raise LabelError(path, 1, cause, "add them to the first line")
        for row in reader:
            yield reader.line_num, {key: value or "" for key, value in row.items() if isinstance(key, str)}
    except csv.Error as error:
        raise LabelError(path, reader.line_num, f"this is not CSV ({error})", "save the table as CSV again") from None


def parse_number(text: str | None, path: Path, line: int, name: str) -> float:
    """Return the number that *text* says.

    Raises:
        LabelError: it says none; *name* is the field, *path* and *line* are its place.
    """
    try:
        return float(text or "")
    except ValueError:
        raise LabelError(path, line, f"{name} is {text!r}", "write a number") from None


def corners(row: dict[str, str], path: Path, line: int) -> Corners:
    """Return the corners in the columns of *row*.

    Raises:
        LabelError: one of them is no number.
    """
    x1, y1, x2, y2 = (parse_number(row[name], path, line, name) for name in CORNERS)
    return x1, y1, x2, y2


def table_of(data: Path, name: Path) -> Path:
    """Return the path of the table *name* in the folder *data*.

    Raises:
        MissingError: there is no such table.
    """
    table = data / name
    if not table.is_file():
        raise MissingError(f"{table} is missing", "give the folder of the data with --data")
    return table


def boxes_by_file(data: Path, use: str | None = None) -> dict[str, list[Corners]]:
    """Return the boxes of :data:`DETECTION` in *data* by file name, in the order of the table.

    Args:
        data: the folder of the data.
        use: keep only the rows whose column ``use`` says this.

    Raises:
        MissingError: there is no table.
        LabelError: a row cannot be.
    """
    table = table_of(data, DETECTION)
    boxes: dict[str, list[Corners]] = {}
    for line, row in csv_rows(table, ("file", *CORNERS, *(() if use is None else ("use",)))):
        if use is None or row["use"] == use:
            boxes.setdefault(row["file"], []).append(corners(row, table, line))
    return boxes
