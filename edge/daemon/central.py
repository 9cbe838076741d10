"""What a unit has in place of registry and keys where the centre decides its cases."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from edge.config import Settings
from edge.delivery import OpeningService, Progress, enclosed, load_service, open_remote
from edge.errors import ConfigError
from edge.flow.at_centre import AtCentre, EnclosedCases
from edge.flow.ports import Cases
from edge.flow.rules import Rules


def service_of(settings: Settings) -> OpeningService | None:
    """The opening service that decides this unit's cases; None for a unit that has a registry.

    Raises:
        ConfigError: the centre decides, and a registry or its key lies on the unit all the same.
        DeliveryError: the service was not fetched.
    """
    if not settings.centre.decides:
        return None
    for file in (settings.registry.path, settings.registry.master_key_file):
        _require_none(file)
    return load_service(settings.centre.opener_file)


async def central(
    settings: Settings,
    service: OpeningService,
    reader: str,
    rules: Rules,
    cases: Cases,
    clock: Callable[[], float],
    progress: Progress,
    stack: AsyncExitStack,
) -> tuple[AtCentre, EnclosedCases]:
    """Who decides, and where cases are kept so that the unit cannot read their packets; *stack* closes what is open.

    *reader* is the SHA-256 (hex) of the network that reads plates; *clock* tells a time that may be believed;
    *progress* what the centre has.

    Raises:
        EdgeError: the centre's authority or the signing key cannot be used.
    """
    opener = await open_remote(settings, service, reader, progress, stack)
    enclose = partial(enclosed, unit=settings.unit.serial, sealing_key=service.sealing_key)
    decider = AtCentre(rules, opener, 3600.0 * settings.centre.undecided_hours, clock)
    return decider, EnclosedCases(cases, enclose)


def _require_none(file: Path) -> None:
    if file.exists():
        raise ConfigError(
            f"the centre decides, and {file} is still on this unit", "take it over at the centre, and remove it here"
        )
