"""A registry for a test: Ada, who is enrolled in it, and what is in it."""

from __future__ import annotations

from pathlib import Path

from Crypto.PublicKey import RSA

from edge.crypto.rsa_key import load_private_key
from edge.crypto.sealing import unseal_secret
from edge.registry import DriverSummary, Enrolment, RegisteredKey, Registry, enrol_driver, load_master_key
from edge.registry import list_drivers as each_driver
from tests.support.cases import painted

ADA = {
    "licence": "UD1234567A",
    "first_name": "Ada",
    "last_name": "D'Angelò",
    "birth_date": "1980-02-03",
    "birth_place": "Trento",
    "categories": "A B",
    "issuing_office": "MIT-UCO",
    "issued_on": "2020-01-01",
    "expires_on": "2030-01-01",
}
PORTRAIT = painted("Ada", (96, 120))


def enter(place: Path, **changes: object) -> Enrolment:
    values = {**ADA, "portrait": PORTRAIT, **changes}
    return enrol_driver(place / "registry.sqlite", load_master_key(place / "master.key"), **values)  # type: ignore[arg-type]


def list_drivers(place: Path) -> tuple[DriverSummary, ...]:
    return tuple(each_driver(place / "registry.sqlite", load_master_key(place / "master.key")))


def private_key(key: RegisteredKey) -> RSA.RsaKey:
    return load_private_key(unseal_secret(key.unsealing_key, key.sealed_key, key.context))


async def opened(place: Path) -> Registry:
    return await Registry.open(place / "registry.sqlite", load_master_key(place / "master.key"))
