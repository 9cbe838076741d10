"""What the reviewing officer has to know of a case whose driver was named."""

from __future__ import annotations

from edge.flow.ports import Vehicles
from edge.model import Claim, Country, Flag

SURE_COUNTRY = 0.9
"""Probability from which the officer is told that the plate is of another country than the vehicle."""


async def flags_of(registry: Vehicles, claim: Claim, seen: Country | None) -> tuple[Flag, ...]:
    """The flags of the named *claim*; *seen* is the country that the plate looks to come from.

    A vehicle of another country than the plate is another vehicle: its keeper says nothing.

    Raises:
        RegistryError: the registry cannot be read.
    """
    home = await registry.country(claim.plate)
    if home and seen and seen.probability >= SURE_COUNTRY and seen.code != home:
        return (Flag.OTHER_COUNTRY,)
    keeper = await registry.keeper(claim.plate)
    return () if keeper in (None, claim.licence) else (Flag.NOT_THE_KEEPER,)
