"""What the law makes of a measured speed: the deduction, the speed that counts, and the provision broken. Pure."""

from edge.law.profiles import NO_DEDUCTION, PROFILES, profile_of
from edge.law.speeding import Band, Deduction, Profile, assess

__all__ = ["NO_DEDUCTION", "PROFILES", "Band", "Deduction", "Profile", "assess", "profile_of"]
