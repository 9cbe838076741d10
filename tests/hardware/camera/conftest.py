"""Runs only where libcamera is: tests/hardware/camera/run.sh makes such a place."""

from __future__ import annotations

import importlib.util

collect_ignore_glob = [] if importlib.util.find_spec("libcamera") else ["test_*.py", "virtual.py"]
