"""What a registry knows of a driver, and which values it takes: the rules of the unit's file and of the centre."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

from PIL import Image, UnidentifiedImageError

from edge.errors import RegistryError
from edge.identify import FORMATS
from edge.model import ALPHABET
from edge.registry.rows import Value

MAX_FIELD_CHARACTERS = 200
EARLIEST_BIRTH = date(1900, 1, 1)
MAX_PORTRAIT_BYTES = 512 * 1024


OPTIONS = (
    ("licence", "licence number, for example UD1234567A"),
    ("first-name", "first name"),
    ("last-name", "last name"),
    ("birth-date", "date of birth, 1980-12-31"),
    ("birth-place", "place of birth"),
    ("categories", 'categories, for example "A B"'),
    ("issuing-office", "who issued the licence"),
    ("issued-on", "date of issue"),
    ("expires-on", "expiry date"),
)
"""What is asked of a driver: the name of the option, and its help."""


@dataclass(frozen=True, slots=True)
class Particulars:
    """A driver to be entered. Dates are ISO 8601 (1980-12-31); *portrait* is a JPEG or PNG.

    *plates* are the vehicles that the driver is registered keeper of, each with its country before a colon if that is
    known: ``IT:AB123CD``.
    """

    licence: str = field(repr=False)
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    birth_date: str = field(repr=False)
    birth_place: str = field(repr=False)
    categories: str
    issuing_office: str
    issued_on: str
    expires_on: str
    portrait: bytes = field(repr=False)
    plates: Sequence[str] = field(default=(), repr=False)

    def check(self) -> None:
        """Check every value.

        Raises:
            RegistryError: one is not acceptable.
        """
        texts = {
            "first name": self.first_name,
            "last name": self.last_name,
            "place of birth": self.birth_place,
            "categories": self.categories,
            "issuing office": self.issuing_office,
        }
        for what, text in texts.items():
            check_text(what, text)
        _check_dates(self.birth_date, self.issued_on, self.expires_on)
        _check_code("the licence number", self.licence, 20)
        self.vehicles()
        _check_portrait(self.portrait)

    def row(self) -> tuple[Value, ...]:
        """The values of the driver's row: of each column, in their order."""
        return (
            *(self.licence, self.first_name, self.last_name, self.birth_date, self.birth_place, self.categories),
            *(self.issuing_office, self.issued_on, self.expires_on, hashlib.sha256(self.portrait).digest()),
        )

    def vehicles(self) -> list[tuple[str | None, str]]:
        """Country, None if it is not known, and plate of each vehicle.

        Raises:
            RegistryError: a plate cannot be stored, or there is no such country.
        """
        return [_vehicle(plate) for plate in self.plates]


def check_text(what: str, text: str) -> None:
    """Check that *text*, which is called *what*, can be stored and shown.

    Raises:
        RegistryError: it cannot.
    """
    if not text.strip() or len(text) > MAX_FIELD_CHARACTERS or not text.isprintable():
        raise RegistryError(
            f"the {what} is empty, too long, or has unprintable characters",
            f"write 1 to {MAX_FIELD_CHARACTERS} printable characters",
        )


def _check_dates(birth: str, issue: str, expiry: str) -> None:
    """Raise :class:`RegistryError` unless each is a date, and they follow one another as on a licence."""
    born, issued, expires = _date("date of birth", birth), _date("date of issue", issue), _date("expiry date", expiry)
    if not EARLIEST_BIRTH <= born < issued:
        raise RegistryError("the date of birth is not before the date of issue", "copy both from the licence")
    if issued > datetime.now(UTC).date() + timedelta(days=1):
        raise RegistryError("the date of issue is in the future", "copy it from the licence, and check the clock")
    if expires < issued:
        raise RegistryError("the expiry date is before the date of issue", "copy both from the licence")


def _date(what: str, day: str) -> date:
    try:
        parsed = date.fromisoformat(day)
    except ValueError:
        parsed = None
    if parsed is None or parsed.isoformat() != day:
        raise RegistryError(f"the {what} is not a date", "write it as 1980-12-31")
    return parsed


def _check_code(what: str, code: str, longest: int) -> None:
    if not 1 <= len(code) <= longest or not set(code) <= set(ALPHABET):
        raise RegistryError(
            f"{what} cannot be stored", f"write 1 to {longest} characters of A to Z and 0 to 9, without spaces"
        )


def _vehicle(written: str) -> tuple[str | None, str]:
    """Country, None if none is written, and plate of ``IT:AB123CD`` or ``AB123CD``."""
    country, _, plate = written.rpartition(":")
    _check_code("a plate", plate, 12)
    if country and country not in FORMATS:
        raise RegistryError(
            f"there is no country {country!r} for a plate", "write its ISO code before the colon, as in IT:AB123CD"
        )
    return country or None, plate


def _check_portrait(portrait: bytes) -> None:
    if len(portrait) > MAX_PORTRAIT_BYTES:
        raise RegistryError(f"the portrait must be smaller than {MAX_PORTRAIT_BYTES // 1024} kB", "scale it down")
    try:
        with Image.open(BytesIO(portrait), formats=["JPEG", "PNG"]) as image:
            image.verify()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise RegistryError("the portrait is not a picture", "give a JPEG or PNG file") from None
