"""What a filter of a list means in SQL."""

from __future__ import annotations

from edge.cases.evidence import flag_sentence
from edge.cases.storage.standing import FOLLOW_UP, NAME_SET_ASIDE, WAITING
from edge.cases.views import CaseFilter, EventKind, Standing
from edge.errors import CaseError
from edge.model import DOUBTS, Basis, Flag, is_infringement

FIRST_PRINTABLE = 0x20


def _listed(*texts: str) -> str:
    """Texts of this program as a list in SQL."""
    return ", ".join("'" + text.replace("'", "''") + "'" for text in texts)


_BASIS = "(SELECT json_extract(CAST(body AS TEXT), '$.basis') FROM entries WHERE seq = filed_seq)"
_INFRINGEMENT = f"coalesce({_BASIS} IN ({_listed(*filter(is_infringement, Basis))}), TRUE)"

_FELL = f"driver_name != '' AND (coalesce(corrected_plate != plate_text, FALSE) OR {NAME_SET_ASIDE})"
_NAMELESS = f"(outcome IN ('ambiguous', 'unidentified') OR {_FELL})"
"""Nobody is named, or :func:`edge.cases.evidence.name_follows` says no."""


def _flagged(*flags: Flag) -> str:
    sentences = _listed(*map(flag_sentence, flags))
    values = "SELECT value FROM entries, json_each(CAST(body AS TEXT), '$.flags') WHERE seq = decided_seq"
    return f"{_INFRINGEMENT} AND EXISTS ({values} AND value IN ({sentences}))"


_STANDINGS = {
    Standing.NO_INFRINGEMENT: f"NOT {_INFRINGEMENT}",
    Standing.TO_BE_CONFIRMED: f"driver_name != '' AND {_flagged(Flag.NOT_THE_KEEPER)}",
    Standing.TO_BE_CHECKED: _flagged(*DOUBTS),
}
"""The condition of each standing: what :class:`edge.model.Case` says of one case, said to the database."""


def conditions(filter: CaseFilter) -> tuple[str, list[object]]:
    """The WHERE clause of *filter* over the table of cases, and its parameters.

    Raises:
        CaseError: the text holds a control character.
    """
    terms = ["purged_seq IS NULL"]
    parameters: list[object] = []
    if any(ord(letter) < FIRST_PRINTABLE for letter in filter.text):
        raise CaseError("the text to search for holds a control character", "leave it out")  # LIKE ends at a NUL
    if filter.text.strip():
        text = filter.text.strip()
        pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        squeezed = pattern.replace(" ", "")
        terms.append(
            "(plate_text LIKE ? ESCAPE '\\' OR corrected_plate LIKE ? ESCAPE '\\'"
            f" OR driver_name LIKE ? ESCAPE '\\' AND NOT ({_FELL})"  # who a case no longer names is not found by name
            " OR CAST(number AS TEXT) = ?)"
        )
        parameters += [squeezed, squeezed, pattern, text]
    for column, value in (("state", filter.state), ("outcome", filter.outcome)):
        if value is not None:
            terms.append(f"{column} = ?")
            parameters.append(str(value))
    if filter.standing is not None:
        terms.append(_STANDINGS[filter.standing])
    if filter.follow_up == "open":
        terms.append(f"{_NAMELESS} AND {_INFRINGEMENT} AND review IS NOT 'dismiss' AND {FOLLOW_UP} IS NOT 'closed'")
    elif filter.follow_up is not None:
        terms.append(f"{FOLLOW_UP} = ?")
        parameters.append(str(EventKind(filter.follow_up)))
    if filter.review == "open":
        terms.append("review IS NULL")
    elif filter.review == "waiting":
        terms.append(f"{WAITING} IS NOT NULL")
    elif filter.review is not None:
        terms.append("review = ?")
        parameters.append(str(EventKind(filter.review)))
    if filter.since_utc is not None:
        terms.append("at_utc >= ?")
        parameters.append(filter.since_utc)
    if filter.until_utc is not None:
        terms.append("at_utc < ?")
        parameters.append(filter.until_utc)
    return "WHERE " + " AND ".join(terms), parameters
