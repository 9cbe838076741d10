"""What the viewer costs on the wire, beside the limits.

    python tests/bench/viewer_bytes.py [--idle 60] [--cases 1000]

starts an sshd on loopback with keys of its own, a relay that counts, an Xvfb, and the viewer through ``ssh -X``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.support import stores, wire, xdisplay


def main() -> int:
    """Build stores of 1,000 cases and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--idle", type=float, default=60.0, metavar="SECONDS")
    parser.add_argument("--cases", type=int, default=1000)
    options = parser.parse_args()
    reason = xdisplay.missing(xdisplay.SSH_NEEDED)
    if reason:
        sys.exit(reason)
    over = False
    for name, size in (("16:9, 624x351 on the screen", (1280, 720)), ("4:3, 624x468 on the screen", (1280, 960))):
        with tempfile.TemporaryDirectory() as folder:
            state_dir = Path(folder)
            wanted = [stores.resized(scene, size) for scene in stores.scenes(options.cases)]
            stores.fill_many(state_dir, wanted)
            found = wire.measure(state_dir, options.idle)
        print(f"{options.cases} cases, photos {name}\n{wire.table(found)}\n", flush=True)
        over = over or any(found[key] > limit for key, limit in wire.LIMITS.items())
    return int(over)


if __name__ == "__main__":
    sys.exit(main())
