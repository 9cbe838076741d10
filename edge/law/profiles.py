"""Profiles of countries, each with its sources. A figure whose source was not read has no profile.

Slovenia's says what was read and no more: its rules on speed meters (Uradni list RS 91/2015, amended 24/2024) were
found, the article with the deduction was not, and newspapers contradict each other (5 or 7 km/h). So the authority
states the deduction, with its source. docs/evidence.md says what was searched for and found.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from edge.errors import ConfigError
from edge.law.speeding import Band, Deduction, Profile
from edge.model import SpeedUnit

_FIVE, _THREE, _HUNDRED = Decimal(5), Decimal(3), Decimal(100)

PROFILES = {
    profile.country: profile
    for profile in (
        Profile(
            "IT",
            Deduction(_FIVE, _FIVE),
            "art. 345 reg. C.d.S.: 5 %, at least 5 km/h",
            bands=(
                Band(Decimal(0), "art. 142, comma 7, C.d.S."),
                Band(Decimal(10), "art. 142, comma 8, C.d.S."),
                Band(Decimal(40), "art. 142, comma 9, C.d.S."),
                Band(Decimal(60), "art. 142, comma 9-bis, C.d.S."),
            ),
            sources=(
                "D.P.R. 16 dicembre 1992, n. 495, art. 345, comma 2, as amended; D.M. 29 ottobre 1997, art. 1",
                "D.Lgs. 30 aprile 1992, n. 285, art. 142, commi 7, 8, 9, 9-bis",
                "Comune di Genova, Polizia Locale: Precisazione su arrotondamenti sulla velocità (decimals are kept)",
            ),
        ),
        Profile(
            "AT",
            Deduction(_FIVE, _FIVE, above_kmh=_HUNDRED),
            "Messtoleranz Radar: 5 km/h, above 100 km/h 5 %",
            sources=(
                "Landesverkehrsabteilung Niederösterreich on radar's tolerance (5 km/h, 5 %)",
                "jusline.at, decision 504176: 123 km/h less 5 % are 116.85 km/h, and rounding may not shorten it",
            ),
        ),
        Profile(
            "DE",
            Deduction(_THREE, _THREE, above_kmh=_HUNDRED, whole=True),
            "Verkehrsfehlergrenze: 3 km/h, above 100 km/h 3 %, rounded up",
            sources=("MessEV § 22; error limits of the PTB: 3 km/h, above 100 km/h 3 %, rounded up to whole km/h",),
        ),
        Profile(
            "GB",
            Deduction(Decimal(0), Decimal(0)),
            "RTRA 1984, s. 89: no deduction; in mph, cut to one decimal",
            bands=(Band(Decimal(0), "s. 89(1) of the Road Traffic Regulation Act 1984"),),
            sources=(
                "Road Traffic Regulation Act 1984, s. 89(1): whoever drives faster than the limit commits the offence",
                "Road Traffic Offenders Act 1988, s. 20: the device has to be of an approved type",
            ),
            unit=SpeedUnit.MPH,
        ),
        Profile(
            "FR",
            Deduction(_FIVE, _FIVE, above_kmh=_HUNDRED),
            "arrêté du 4 juin 2009, art. 6: 5 km/h, above 100 km/h 5 %",
            sources=(
                "Arrêté du 4 juin 2009 relatif aux cinémomètres de contrôle routier, art. 6 (fixed, in service)",
                "Assemblée nationale, question 56964: this margin gives the speed retained",
            ),
        ),
    )
}
STATED = {
    "SI": Profile(
        "SI",
        Deduction(Decimal(0), Decimal(0)),
        "deduction as stated by the authority, source: ",
        bands=(Band(Decimal(0), "ZPrCP, 46. člen"),),
        sources=("Zakon o pravilih cestnega prometa (ZPrCP-UPB2, Uradni list RS 82/2013), 46. člen: limits and fines",),
    )
}
"""Profiles without a deduction of their own: the authority states it in the unit's configuration, with its source."""
NO_DEDUCTION = Profile("", Deduction(Decimal(0), Decimal(0)), "no deduction")
"""For countries without a profile: the measured speed counts."""


def profile_of(country: str, stated: Deduction | None = None, source: str = "") -> Profile:
    """Return the profile of *country*, an ISO code, or :data:`NO_DEDUCTION` for ``none``.

    *stated* is the deduction that the authority states where the profile has none of its own, *source* where it stands.

    Raises:
        ConfigError: there is no such profile, or a deduction is stated where the law has its own, or none where not.
    """
    if country in STATED:
        if stated is None or not source.strip():
            raise ConfigError(
                f"what the law of {country} deducts from a measured speed is not known to this program",
                "state it: deduction_kmh, deduction_percent and deduction_source in [speed]",
            )
        profile = STATED[country]
        return replace(profile, deduction=stated, rule=profile.rule + source.strip())
    if stated is not None:
        raise ConfigError(
            f"a deduction is stated, and law is {country}", "remove it: that law says itself what is deducted"
        )
    if country == "none":
        return NO_DEDUCTION
    if country not in PROFILES:
        known = ", ".join(sorted({*PROFILES, *STATED}))
        raise ConfigError(f"there is no legal profile {country}", f"write one of {known}, or none")
    return PROFILES[country]
