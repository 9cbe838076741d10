"""What the strip on the right of a plate says: year and province, month and year, region."""

from __future__ import annotations

import random

PROVINCES = (
    "AG", "AL", "AN", "AO", "AP", "AQ", "AR", "AT", "AV", "BA", "BG", "BI", "BL", "BN", "BO", "BR", "BS", "BZ", "CA",
    "CB", "CE", "CH", "CL", "CN", "CO", "CR", "CS", "CT", "CZ", "EN", "FE", "FG", "FI", "FO", "FR", "GE", "GO", "GR",
    "IM", "IS", "KR", "LC", "LE", "LI", "LO", "LT", "LU", "MC", "ME", "MI", "MN", "MO", "MS", "MT", "NA", "NO", "NU",
    "OR", "PA", "PC", "PD", "PE", "PG", "PI", "PN", "PO", "PR", "PS", "PT", "PV", "PZ", "RA", "RC", "RE", "RG", "RI",
    "RN", "RO", "ROMA", "SA", "SI", "SO", "SP", "SR", "SS", "SV", "TA", "TE", "TN", "TO", "TP", "TR", "TS", "TV", "UD",
    "VA", "VB", "VC", "VE", "VI", "VR", "VT", "VV",
)  # fmt: skip
"""Codes of the Italian provinces of the 1990s; Rome's plates bear its name."""


def right_strip(country: str, rng: random.Random) -> tuple[str, ...]:
    """Draw the lines on the right strip of a plate of *country* (its sign), from below."""
    year, region = f"{rng.randrange(100):02}", f"{rng.randint(1, 95):02}"
    province = rng.choice(PROVINCES)
    if country == "I":
        return rng.choice(((), (), (province,), (province, year)))
    if country == "F":
        return (region,)
    month_and_year = (f"{rng.randint(1, 12):02}", year)
    return month_and_year if country == "P" else rng.choice((month_and_year, (region,), (province,)))
