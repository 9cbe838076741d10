"""Labelled photos, crops and clips: reading, correcting and grouping them."""
