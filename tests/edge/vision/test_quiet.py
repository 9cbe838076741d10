"""A command's standard error holds nothing of the runtime's own chatter, and all else."""

from __future__ import annotations

import subprocess
import sys

from edge.config import models_dir

LOAD = (
    "import sys\nfrom pathlib import Path\nfrom edge.vision.tflite import load_interpreter\n"
    "load_interpreter(Path(sys.argv[1]))\nprint('an error of our own', file=sys.stderr)"
)
SAY = (
    "import os\nfrom edge.vision.quiet import without_routine\n"
    "with without_routine():\n    os.write(2, b'WARNING: heed this\\n')\n"
    "    os.write(2, b'INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\\n')\nos.write(2, b'after\\n')"
)


def said(code: str, *words: str) -> str:
    command = [sys.executable, "-c", code, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stderr


def test_loading_a_model_says_nothing() -> None:
    assert said(LOAD, str(models_dir() / "detector.tflite")) == "an error of our own\n"


def test_a_warning_passes_and_the_order_stays() -> None:
    assert said(SAY) == "WARNING: heed this\nafter\n"


def test_a_closed_standard_error_does_no_harm() -> None:
    code = "import os\nos.close(2)\nfrom edge.vision import quiet\nwith quiet.without_routine():\n    print('done')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "done\n"
