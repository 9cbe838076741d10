"""What the unit does with the orders of the centre's officers: it checks who signed them, and enters what it did.

A hold, a release and a tombstone name their order in the chain; the configuration that is in force does in its
``configuration`` entry, and one that was refused with the reason.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.cases import Carried, CarriedOrder, EventKind, carried_out, keep_order, kept_order, purge, record
from edge.cases.evidence import Signs, canonical
from edge.config import Settings
from edge.delivery.orders import (
    MAX_ORDERS,
    OfficerKey,
    Order,
    OrderKind,
    SignedOrder,
    configured,
    read_signers,
    require_signed,
    signed_by,
)
from edge.errors import DeliveryError, EdgeError

log = logging.getLogger(__name__)

OFFICER = "centre"
"""Who did it, in an entry: the order's signatures say who at the centre."""
FORMAT = "autovelox-ordered/1"
AHEAD_S = 300.0
"""So far the centre's clock may be ahead of the unit's."""


@dataclass(frozen=True, slots=True)
class InForce:
    """The configuration order that was taken last: its number, and the SHA-256 of its text."""

    number: int
    sha256: str

    def record(self) -> dict[str, object]:
        """How entries name it."""
        return {"number": self.number, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class Ordered:
    """The *settings* that are in force, those of the *file*, the order, and why one that was taken before is not."""

    settings: Settings
    file: Settings
    order: InForce | None = None
    problem: str | None = None


def ordered(settings: Settings) -> Ordered:
    """The *settings* of the unit's file with what the centre's officers ordered since.

    The order is checked as when it came. One that does not fit any more is left out: the file counts, and
    that is a problem.
    """
    if settings.centre.url is None:
        return Ordered(settings, settings)
    try:
        kept = _kept(settings.unit.state_dir)
        if kept is None:
            return Ordered(settings, settings)
        order = require_signed(kept, load_signers(settings.centre.signers_file), unit=settings.unit.serial)
        in_force = InForce(order.number, kept.digest)
        return Ordered(configured(settings, order.settings or {}), settings, in_force)
    except EdgeError as error:
        log.error("the configuration that the centre ordered is not in force: %s", error)
        return Ordered(
            settings, settings, problem=f"the configuration that the centre ordered is not in force: {error}"
        )


def load_signers(file: Path) -> list[OfficerKey]:
    """The keys of the officers whose orders this unit obeys.

    Raises:
        DeliveryError: there are none.
    """
    try:
        return read_signers(json.loads(file.read_bytes()))
    except (OSError, ValueError, RecursionError):
        raise DeliveryError(
            f"this unit knows no officers of the centre: {file} cannot be used", "run autovelox centre signers"
        ) from None


class Orders:
    """Obeys orders; its method is called from a thread, one at a time."""

    def __init__(
        self,
        settings: Settings,
        signer: Signs,
        *,
        enter: Callable[[str, Mapping[str, object]], None],
        restart: Callable[[], object],
    ) -> None:
        """Obey for the unit of *settings*, which are its file's.

        *enter* takes an entry about the unit itself for the chain; *restart* begins anew, with another configuration.
        """
        self._settings = settings
        self._signer = signer
        self._enter = enter
        self._restart = restart
        self._refused: set[str] = set()

    def obey(self, records: Sequence[Any]) -> list[dict[str, object]]:
        """Obey the orders of an answer; returns which were refused, and why."""
        refused: list[dict[str, object]] = []
        for each in records[:MAX_ORDERS]:
            number = 0
            try:
                signed = SignedOrder.of(each)
                keys = load_signers(self._settings.centre.signers_file)
                order = require_signed(signed, keys, unit=self._settings.unit.serial)
                number = order.number
                if time.time() > order.until_utc:
                    raise DeliveryError("the order is over", "give it anew")
                if order.at_utc > time.time() + AHEAD_S:
                    raise DeliveryError("the order is of a later time", "compare the clocks of unit and centre")
                self._obey(order, signed, sorted(signed_by(signed, keys)))
            except EdgeError as error:
                log.warning("order %d of the centre is refused: %s", number, error)
                refused.append({"number": number or _number_in(each), "cause": str(error)[:200]})
        return refused

    def _obey(self, order: Order, signed: SignedOrder, officers: list[str]) -> None:
        if order.kind is OrderKind.CONFIGURATION:
            self._configure(order, signed)
            return
        state_dir, failed = self._settings.unit.state_dir, None
        named = {"number": order.number, "sha256": signed.digest, "officers": officers, "at_utc": order.at_utc}
        details = {"order": named}
        for case in order.cases:
            carried = carried_out(state_dir, case)
            if any(signed.digest == each.sha256 for each in carried.orders):
                continue
            try:
                _require_in_turn(order, case, carried)
                if order.kind is OrderKind.PURGE:
                    purge(state_dir, [case], reason=order.reason, signer=self._signer, details=details)
                else:
                    kind = EventKind(order.kind)
                    record(
                        *(state_dir, case),
                        kind=kind,
                        officer=OFFICER,
                        account=OFFICER,
                        reason=order.reason,
                        signer=self._signer,
                        details=details,
                    )
                log.info("case %d: %s, as the centre ordered", case, order.kind)
            except EdgeError as error:
                failed = failed or error
        if failed is not None:
            raise failed

    def _configure(self, order: Order, signed: SignedOrder) -> None:
        state_dir = self._settings.unit.state_dir
        kept = _kept(state_dir)
        before = require_number(kept) if kept is not None else 0
        if order.number <= before:
            if kept is not None and kept.text == signed.text:
                return
            raise DeliveryError("a newer configuration is in force", "order it anew")
        try:
            configured(self._settings, order.settings or {})
        except DeliveryError as error:
            if signed.digest not in self._refused:
                self._refused.add(signed.digest)
                named = {"number": order.number, "sha256": signed.digest}
                self._enter("configuration", {"refused": {**named, "cause": str(error)[:200]}})
            raise
        keep_order(state_dir, canonical({"format": FORMAT, **signed.record()}))
        log.warning("the centre ordered configuration %d: the unit begins anew with it", order.number)
        self._restart()


def _require_in_turn(order: Order, case: int, carried: Carried) -> None:
    """Refuse an order that somebody held back until its case stood otherwise than when officers signed it.

    Raises:
        DeliveryError: a newer order about the case was carried out, or officers at the unit have put it on hold since.
    """
    if any(_is_newer(each, order) for each in carried.orders):
        raise DeliveryError(f"a newer order about case {case} was carried out", "order it anew")
    if order.kind is not OrderKind.HOLD and order.at_utc < carried.held_utc:
        raise DeliveryError(f"case {case} was put on hold after the order was signed", "order it anew")


def _is_newer(carried: CarriedOrder, order: Order) -> bool:
    """By its time, which no officer can set ahead: a number that one of them made up would keep all others out."""
    if carried.at_utc is None:
        return carried.number > order.number
    return carried.at_utc > order.at_utc


def require_number(signed: SignedOrder) -> int:
    """The number of an order that was kept."""
    number = json.loads(signed.text)["number"]
    return number if type(number) is int else 0


def _kept(state_dir: Path) -> SignedOrder | None:
    """The configuration order that was taken last, unchecked."""
    content = kept_order(state_dir)
    return SignedOrder.of(content) if content is not None else None


def _number_in(record: Any) -> int:
    try:
        number = json.loads(record["order"])["number"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return 0
    return number if type(number) is int else 0
