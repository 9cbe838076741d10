"""Drawn plates and scenes: layouts, lettering, the simulated camera, what is put onto photos."""
