"""The displays that the viewer is measured at."""

SIZES = ("800x480", "1024x600", "1280x800", "1920x1080", "3840x2160")
FACTORS = ((1.0, 1.0), (2.0, 1.0), (1.0, 2.0), (1.0, 1.5))
"""Scale of the display and the officer's zoom."""
