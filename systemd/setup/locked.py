"""Reads the lock (``systemd/setup/lock``): which version and which hashes each package has for one kind of machine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pip._vendor.packaging.markers import default_environment
from pip._vendor.packaging.requirements import Requirement

LOCK = Path(__file__).parent / "lock"
PARTS = ("unit", "easyocr", "torch", "centre", "dev")


@dataclass(frozen=True)
class Locked:
    """One package as the lock has it."""

    version: str
    line: str
    """What pip takes: name, version and hashes, without the marker."""


def locked(part: str, machine: str | None = None, python: str | None = None) -> dict[str, Locked]:
    """The packages of a *part* of the lock, by normalized name.

    Args:
        part: one of :data:`PARTS`.
        machine: ``x86_64`` or ``aarch64``; this one if not given.
        python: such as ``3.11``; the running one if not given.
    """
    environment = dict(default_environment())
    if machine:
        environment["platform_machine"] = machine
    if python:
        environment |= {"python_version": python, "python_full_version": f"{python}.0"}
    found = {}
    text = (LOCK / f"{part}.txt").read_text(encoding="utf-8")
    for entry in re.split(r"\n(?=\S)", text):
        if entry.startswith("#"):
            continue
        requirement, *hashes = entry.split(" \\\n")
        parsed = Requirement(requirement)
        if parsed.marker is None or parsed.marker.evaluate(environment):
            line = " ".join([f"{parsed.name}{parsed.specifier}", *(each.strip() for each in hashes)])
            found[parsed.name] = Locked(str(parsed.specifier).removeprefix("=="), line)
    return found
