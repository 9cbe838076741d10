"""The demo's drivers and scenes, read from ``cast.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from edge.config import Section
from edge.demo.portraits import Look

FOLDER = Path(__file__).resolve().parent


class Person(Section):
    """A fictional driver, the plate of the driver's car, and the protocol version of the driver's chip: 2 signs."""

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
    version: Literal[1, 2] = 1


class Scene(Section):
    """One clip: the plate in the photo, what its car does, and the licence numbers of bystanders."""

    plate: str
    car: Literal["honest", "silent", "replay", "wrong plate", "relayed", "copied chip"]
    licence: str | None = None
    claimed: str | None = None
    bystanders: tuple[str, ...] = ()
    signed: Literal["relayed", "copied chip"] | None = None

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
    """Load the cast that comes with the program, with chips of protocol version 1."""
    cast = _load()
    drivers = tuple(person.model_copy(update={"version": 1}) for person in cast.driver)
    return cast.model_copy(update={"driver": drivers})


def load_signed_cast() -> Cast:
    """Load the same cast with chips of both versions, and the attacks on version 2."""
    cast = _load()
    scenes = tuple(scene.model_copy(update={"car": scene.signed or scene.car}) for scene in cast.scene)
    return cast.model_copy(update={"scene": scenes})


def _load() -> Cast:
    return Cast.model_validate(tomllib.loads((FOLDER / "cast.toml").read_text(encoding="utf-8")))
