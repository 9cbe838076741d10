"""Orders of the centre's officers to a unit; the centre and the unit import this module. Pure: no I/O.

An order is a canonical JSON text that officers sign with Ed25519 keys of their own, which lie in no machine of the
centre. The unit checks the signatures itself against the keys that it was given when it joined: whoever has the
centre's computers, its database or the way in between can withhold an order, and make none. A hold takes one signature;
what takes something away or changes how the unit measures takes two, of two people.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from edge.cases.evidence import canonical, sha256
from edge.config import Section, Settings, explain
from edge.crypto import is_signed
from edge.errors import DeliveryError

ORDER_DOMAIN: Final = b"autovelox-order-1\n"
ORDER_FORMAT: Final = "autovelox-order/1"
SIGNERS_FORMAT: Final = "autovelox-signers/1"
MAX_CASES: Final = 500
MAX_SIGNERS: Final = 100
MAX_REASON: Final = 500
MAX_ORDERS: Final = 8
"""In one answer to a status."""
ORDERABLE: Final = frozenset(
    {
        *("speed.law", "speed.limit_kmh", "speed.tolerance_kmh", "speed.limit_mph", "speed.tolerance_mph"),
        *("speed.deduction_kmh", "speed.deduction_percent", "speed.deduction_source"),
        *("unit.site", "site.road", "site.km", "site.municipality", "site.carriageway", "site.lane", "site.direction"),
        *("site.road_class", "site.ordinance", "site.decree", "site.sign_distance_m"),
        *("review.second", "review.reasons"),
    }
)
"""What a configuration may set from afar. No key, path or pin, nor the way to the centre, is among them."""


class OrderKind(StrEnum):
    """What an order asks for."""

    HOLD = "hold"
    RELEASE = "release"
    PURGE = "purge"
    CONFIGURATION = "configuration"

    @property
    def signatures(self) -> int:
        """How many different people have to sign it."""
        return 1 if self is OrderKind.HOLD else 2


@dataclass(frozen=True, slots=True)
class OfficerKey:
    """The public key (Ed25519, 32 bytes) of an officer of the centre who signs orders."""

    name: str
    public_key: bytes

    @property
    def key_id(self) -> str:
        """The first 16 hex digits of its SHA-256."""
        return sha256(self.public_key)[:16]


@dataclass(frozen=True, slots=True)
class Order:
    """What officers of the centre ask of the unit with the serial number *unit*, once.

    *number* is never used twice by a centre and grows. *cases* are those that a hold, a release or a purge is about,
    *settings* the values of a configuration by their dotted names. After *until_utc* it is not obeyed.
    """

    centre: str
    unit: str
    number: int
    kind: OrderKind
    reason: str
    at_utc: float
    until_utc: float
    cases: tuple[int, ...] = ()
    settings: Mapping[str, Any] | None = None

    def text(self) -> bytes:
        """What is signed."""
        fields = {**asdict(self), "kind": str(self.kind), "cases": list(self.cases), "format": ORDER_FORMAT}
        fields["settings"] = dict(self.settings) if self.settings is not None else None
        return canonical(fields)


@dataclass(frozen=True, slots=True)
class SignedOrder:
    """The text of an order and its signatures (hex) by the ids of their keys."""

    text: bytes
    signatures: Mapping[str, str]

    @property
    def digest(self) -> str:
        """The SHA-256 of the text, in hex: what entries name it by, beside its number."""
        return sha256(self.text)

    def record(self) -> dict[str, object]:
        """The values for JSON."""
        return {"order": self.text.decode("utf-8"), "signatures": dict(self.signatures)}

    @classmethod
    def of(cls, record: Any) -> SignedOrder:
        """Read what :meth:`record` gave.

        Raises:
            DeliveryError: it is none.
        """
        try:
            text, signatures = record["order"].encode("utf-8"), record["signatures"]
            if len(signatures) > MAX_SIGNERS or not all(isinstance(each, str) for each in signatures.values()):
                raise ValueError
            return cls(text, dict(signatures))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise DeliveryError("that is no signed order", "update both to one version") from None


def read_order(text: bytes) -> Order:
    """The order in a *text*.

    Raises:
        DeliveryError: it is none, or asks for what no order may ask.
    """
    try:
        fields = json.loads(text)
        if fields.pop("format") != ORDER_FORMAT:
            raise ValueError
        order = Order(**{**fields, "kind": OrderKind(fields["kind"]), "cases": tuple(fields["cases"])})
        whole = [order.number, *order.cases]
        fine = all(type(each) is int and 0 < each < 1 << 53 for each in whole) and order.text() == text
        fine = fine and all(isinstance(each, str) for each in (order.centre, order.unit, order.reason))
        fine = fine and type(order.at_utc) in (int, float) and type(order.until_utc) in (int, float)
        is_configuration = order.kind is OrderKind.CONFIGURATION
        if not fine or is_configuration != isinstance(order.settings, dict) or is_configuration == bool(order.cases):
            raise ValueError
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise DeliveryError("that is no order", "update both to one version") from None
    if len(order.cases) > MAX_CASES or not 0 < len(order.reason) <= MAX_REASON:
        raise DeliveryError("the order has too many cases, or no reason", f"name {MAX_CASES} at most, and say why")
    return order


def signed_by(signed: SignedOrder, keys: Sequence[OfficerKey]) -> set[str]:
    """The names of those of *keys* that signed it."""
    found = set[str]()
    for key in keys:
        try:
            signature = bytes.fromhex(signed.signatures.get(key.key_id, ""))
        except ValueError:
            continue
        if is_signed(key.public_key, ORDER_DOMAIN + signed.text, signature):
            found.add(key.name)
    return found


def require_signed(signed: SignedOrder, keys: Sequence[OfficerKey], *, unit: str) -> Order:
    """The order, if enough of *keys* signed it and it is for *unit*.

    Raises:
        DeliveryError: it is not.
    """
    order = read_order(signed.text)
    if order.unit != unit:
        raise DeliveryError("the order is for another unit", "send it there")
    names = signed_by(signed, keys)
    if len(names) < order.kind.signatures:
        raise DeliveryError(
            f"the order has {len(names)} of {order.kind.signatures} signatures of officers whom this unit knows",
            "let them sign it; if a key is new, run autovelox centre signers on the unit",
        )
    return order


def configured(settings: Settings, values: Mapping[str, Any]) -> Settings:
    """*settings* with what an order sets in them, as valid as any configuration file.

    Raises:
        DeliveryError: a value is wrong, or of a setting that no order may set.
    """
    if forbidden := sorted(set(values) - ORDERABLE):
        raise DeliveryError(f"{forbidden[0]} cannot be set from afar", "set it on the unit")
    sections: dict[str, Section] = dict(settings)
    try:
        for section in sorted({name.partition(".")[0] for name in values}):
            here = sections[section]
            given = {field: getattr(here, field) for field in here.model_fields_set}  # what is not set says nothing
            given |= {name.partition(".")[2]: value for name, value in values.items() if name.startswith(f"{section}.")}
            model: type[BaseModel] = type(here)
            sections[section] = model.model_validate(given)  # type: ignore[assignment]
        return Settings.model_validate(sections)
    except ValidationError as error:
        cause, remedy = explain(error)
        raise DeliveryError(f"the configuration is not valid: {cause}", remedy or "correct it") from None


def signers_record(keys: Sequence[OfficerKey]) -> dict[str, object]:
    """*keys* for JSON."""
    return {
        "format": SIGNERS_FORMAT,
        "signers": [{"name": key.name, "public_key": key.public_key.hex()} for key in keys],
    }


def read_signers(record: Any) -> list[OfficerKey]:
    """Read what :func:`signers_record` gave.

    Raises:
        DeliveryError: it is none.
    """
    try:
        if record["format"] != SIGNERS_FORMAT or len(record["signers"]) > MAX_SIGNERS:
            raise ValueError
        keys = [OfficerKey(each["name"], bytes.fromhex(each["public_key"])) for each in record["signers"]]
        if not all(isinstance(key.name, str) and key.name.isprintable() and len(key.public_key) == 32 for key in keys):
            raise ValueError
        return keys
    except (KeyError, TypeError, ValueError):
        raise DeliveryError("those are no keys of officers", "update both to one version") from None
