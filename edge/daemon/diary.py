"""What the chain says of the unit itself: that it started and stopped, with which settings and which software.

An entry that cannot be written now waits, in its order, for the next round of the housekeeping: the unit's work does
not depend on it. Each says in ``at_utc`` when what it tells happened.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import rfc8785

from edge.config import SECRET_FIELDS, Section, Settings
from edge.errors import EdgeError

log = logging.getLogger(__name__)

START, STOP, CONFIGURATION, SOFTWARE = "start", "stop", "configuration", "software"
DIGEST_HEX = 16
"""Hex digits that say whether a setting is the same."""
MOST_WAITING = 1000
NOT_CODE = {"__pycache__", "share", "demo"}
"""Folders of the package that are no part of its code: the models have hashes of their own."""


class Notes(Protocol):
    """Enters what the unit says of itself."""

    async def note(self, kind: str, content: Mapping[str, object]) -> int:
        """Enter *content*; returns the number of the entry."""

    async def newest_note(self, kind: str) -> Mapping[str, object] | None:
        """What the newest entry of *kind* says."""


class Diary:
    """Writes the unit's own entries. ``problem`` is one sentence while some wait."""

    def __init__(
        self,
        notes: Notes,
        clock_state: Callable[[], Mapping[str, object]],
        *,
        mode: str,
        configuration: Mapping[str, str],
        order: Mapping[str, object] | None = None,
        software: Mapping[str, object],
    ) -> None:
        """Nothing is written before :meth:`begin`.

        Args:
            notes: what enters it.
            clock_state: says how good the unit's time is.
            mode: whether the unit names drivers.
            configuration: the digest of each setting, of :func:`setting_digests`.
            order: the order of the centre that some of them follow, its number and SHA-256.
            software: what runs, of :func:`software_of`.
        """
        self._notes = notes
        self._clock_state = clock_state
        self._mode = mode
        self._configuration = configuration
        self._order = order
        self._software = software
        self._waiting: list[tuple[str, dict[str, object]]] = []
        self._error = ""

    async def begin(self) -> None:
        """Say that the unit starts; and what changed in its configuration and software since the last entry."""
        newest = await self._newest(STOP), await self._newest(START)
        stops, starts = (float(str((each or {}).get("at_utc", 0.0))) for each in newest)
        ended = "nothing" if not starts else "a stop" if stops >= starts else "no stop: power, a crash or a kill"
        before = await self._newest(CONFIGURATION)
        if (told := configuration_entry(self._configuration, before, self._order)) is not None:
            self.add(CONFIGURATION, told)
        before = await self._newest(SOFTWARE)
        if (told := software_entry(self._software, before)) is not None:
            self.add(SOFTWARE, told)
        digests = {"configuration": digest(self._configuration), "software": digest(self._software)}
        self.add(START, {"after": ended, "mode": self._mode, "clock": dict(self._clock_state()), **digests})
        await self.write()

    def refuse_order(self, kind: str, content: Mapping[str, object]) -> None:
        """Enter that the centre ordered a configuration that cannot be; the one in force goes with it."""
        told = configuration_entry(self._configuration, None, self._order) or {}
        self.add(kind, {**told, "changed": [], **content})

    async def end(self) -> None:
        """Say that the unit stops in order."""
        self.add(STOP, {"clock": dict(self._clock_state())})
        await self.write()

    def add(self, kind: str, content: Mapping[str, object]) -> None:
        """Enter *content* with the next :meth:`write`."""
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append((kind, {"at_utc": time.time(), **content}))

    async def write(self) -> None:
        """Enter what waits. A failure is logged where it begins."""
        while self._waiting:
            try:
                await self._notes.note(*self._waiting[0])
            except EdgeError as error:
                if not self._error:
                    log.error("the chain does not take what the unit says of itself: %s", error)
                self._error = str(error)
                return
            self._error = ""
            del self._waiting[0]

    def problem(self) -> str | None:
        """One sentence while something waits because the store refused it, else None."""
        return f"{len(self._waiting)} entries about the unit wait to be written: {self._error}" if self._error else None

    async def _newest(self, kind: str) -> Mapping[str, object] | None:
        try:
            return await self._notes.newest_note(kind)
        except EdgeError as error:
            log.error("what the chain says of the unit cannot be read: %s", error)
            return None


def digest(value: Any) -> str:
    """SHA-256 (hex) of *value* in canonical JSON."""
    return hashlib.sha256(rfc8785.dumps(value)).hexdigest()


def setting_digests(settings: Settings) -> dict[str, str]:
    """For each setting, by its dotted name, digits that are the same as long as its value is.

    They are the first of the SHA-256 of ``[name, value]`` in canonical JSON: who has the configuration can check each,
    and who has not learns none. Places of secrets are left out.
    """
    return {name: digest([name, value])[:DIGEST_HEX] for name, value in _flat(settings, "")}


def configuration_entry(
    digests: Mapping[str, str], before: Mapping[str, object] | None, order: Mapping[str, object] | None = None
) -> dict[str, object] | None:
    """What an entry says of the configuration; None if the entry *before* says the same.

    ``changed`` are the names of the settings that changed since, None in the first entry; ``order`` is the
    centre's that some of them follow.
    """
    known = (before or {}).get("settings")
    if known == digests and (before or {}).get("order") == order:
        return None
    changed = None if not isinstance(known, dict) else sorted(_different(known, digests))
    told: dict[str, object] = {"sha256": digest(digests), "settings": dict(digests), "changed": changed}
    return {**told, "order": dict(order)} if order is not None else told


def software_of(unit: Mapping[str, object]) -> dict[str, object]:
    """What runs: the version, the hashes of the models (both of the case's ``unit``), and one of the package's code."""
    package = Path(__file__).resolve().parents[1]
    files = sorted(
        path
        for path in package.rglob("*")
        if path.is_file() and not NOT_CODE & set(path.relative_to(package).parts) and path.suffix != ".pyc"
    )
    hashes = {str(path.relative_to(package)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    return {"version": unit["software"], "models": unit["models"], "package": digest(hashes)}


def software_entry(software: Mapping[str, object], before: Mapping[str, object] | None) -> dict[str, object] | None:
    """What an entry says of the software; None if the entry *before* says the same."""
    told = {name: (before or {}).get(name) for name in software}
    if told == dict(software):
        return None
    return {**software, "changed": sorted(_different(told, software)) if before else None}


def _different(before: Mapping[str, object], after: Mapping[str, object]) -> set[str]:
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def _flat(section: Section, prefix: str) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    values = section.model_dump(mode="json")
    for name, value in values.items():
        inner = getattr(section, name)
        if isinstance(inner, Section):
            found += _flat(inner, f"{prefix}{name}.")
        elif name not in SECRET_FIELDS:
            found.append((prefix + name, value))
    return found
