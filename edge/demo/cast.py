"""The demo's drivers and scenes, read from ``cast.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from edge.config import Section
from edge.demo.portraits import Look

FOLDER = Path(__file__).resolve().parent


class Person(Section):
    """A fictional driver and the plate of the driver's car."""

    licence: str
    first_name: str
    last_name: str
    birth_date: str
    birth_place: str
    categories: str
    issued_on: str
    expires_on: str
    plate: str
    portrait: Look


class Scene(Section):
    """One clip: the plate in the photo, what its car does, and the licence numbers of bystanders."""

    plate: str
    car: Literal["honest", "silent", "replay", "wrong plate"]
    licence: str | None = None
    claimed: str | None = None
    bystanders: tuple[str, ...] = ()

    @property
    def culprit(self) -> str | None:
        """The licence number that the unit must find, or None where it must name nobody."""
        return self.licence if self.car == "honest" else None


class Cast(Section):
    """The contents of ``cast.toml``."""

    driver: tuple[Person, ...]
    scene: tuple[Scene, ...]

    def person(self, licence: str) -> Person:
        """Return the driver with that *licence* number."""
        return next(person for person in self.driver if person.licence == licence)


def load_cast() -> Cast:
    """Load the cast that comes with the program."""
    return Cast.model_validate(tomllib.loads((FOLDER / "cast.toml").read_text(encoding="utf-8")))
