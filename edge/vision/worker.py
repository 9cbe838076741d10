"""What a worker process does for recognition: load the models once, then read one photo a job.

The daemon imports this module to name its functions. The networks' libraries, EasyOCR's among them half of what the
unit needs in memory and most of its start, are imported in the workers alone (:mod:`edge.vision.pipeline`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edge.config import Area, Engine
from edge.errors import EdgeError, ModelError, WorkerError
from edge.model import PhotoRead
from edge.vision.network import BACKENDS

if TYPE_CHECKING:
    from edge.vision.pipeline import Recogniser

PIPELINE = "edge.vision.pipeline"

_recogniser: Recogniser | None = None
_failure: EdgeError = WorkerError("this worker was never started", "report it as a bug of autovelox")


def preload(engine: Engine) -> tuple[str, ...]:
    """The modules that a fork server imports before it makes workers of *engine*, so that they share them."""
    return PIPELINE, BACKENDS[engine]


def start(models_dir: Path, engine: Engine, captions: Sequence[Area] = ()) -> None:
    """Load the models of this worker from *models_dir*, the reader's into *engine*.

    *captions* are the areas that are burnt into the camera's photos.

    Never raises, since a failing initialiser breaks the whole pool: the first job reports what went wrong. Of an
    unexpected error only the type is told.
    """
    global _recogniser, _failure
    _recogniser = None
    try:
        from edge.vision.pipeline import Recogniser

        _recogniser = Recogniser(models_dir, engine, captions)
    except EdgeError as error:
        _failure = error
    except Exception as error:
        _failure = ModelError(
            f"the models in {models_dir} cannot be loaded ({type(error).__name__})", "install the models again"
        )


def ready() -> None:
    """Return if this worker has its models.

    Raises:
        EdgeError: the models could not be loaded.
    """
    _loaded()


def recognise(photo: Path) -> PhotoRead:
    """Find and read the plates of the photo at *photo*.

    Raises:
        ImageError: the file is not a picture.
        EdgeError: the models could not be loaded.
    """
    return _loaded().read(photo)


def _loaded() -> Recogniser:
    if _recogniser is None:
        raise _failure
    return _recogniser
