"""What the law makes of a measured speed: the deduction, the speed that counts, and the provision broken. Pure."""

from edge.law.profiles import NO_DEDUCTION, PROFILES, STATED, profile_of
from edge.law.speeding import Band, Deduction, Profile, assess
from edge.law.speeds import in_unit, limit_digits, limit_words, speed_words, spread_in_unit, to_kmh

__all__ = [
    "NO_DEDUCTION",
    "PROFILES",
    "STATED",
    "Band",
    "Deduction",
    "Profile",
    "assess",
    "in_unit",
    "limit_digits",
    "limit_words",
    "profile_of",
    "speed_words",
    "spread_in_unit",
    "to_kmh",
]
