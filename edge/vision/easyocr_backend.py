"""EasyOCR runs the reader's network. Importing this takes seconds and hundreds of megabytes, most of them PyTorch's."""

from __future__ import annotations

import importlib.util
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.model import ALPHABET
from edge.vision.fold import fold_batch_norms
from edge.vision.integrity import NETWORK_NAME
from edge.vision.torchcompat import import_easyocr

easyocr = import_easyocr()


def load(folder: Path) -> EasyOCRNetwork:
    """The network in *folder*, whose files were checked: EasyOCR imports and unpickles them.

    Raises:
        ModelError: EasyOCR cannot load them.
    """
    return EasyOCRNetwork(folder)


class EasyOCRNetwork:
    """One network in one EasyOCR reader; see :class:`~edge.vision.network.Network`."""

    def __init__(self, folder: Path) -> None:
        torch.set_num_threads(1)
        _import_network(folder / f"{NETWORK_NAME}.py")
        try:
            self._easyocr: Any = easyocr.Reader(
                ["en"],
                gpu=False,
                recog_network=NETWORK_NAME,
                user_network_directory=str(folder),
                model_storage_directory=str(folder),
                download_enabled=False,
                detector=False,
                quantize=False,
                verbose=False,
            )
        except (RuntimeError, AttributeError, KeyError, TypeError) as error:
            raise ModelError(f"the reader in {folder} does not fit this EasyOCR: {type(error).__name__}") from error
        if self._easyocr.character != ALPHABET:
            raise ModelError(f"the reader in {folder} has another alphabet than this program")
        fold_batch_norms(self._easyocr.recognizer.eval())
        self._easyocr.recognizer.to(memory_format=torch.channels_last)  # its convolutions are faster so
        self._logits: list[torch.Tensor] = []
        self._easyocr.recognizer.register_forward_hook(lambda _module, _inputs, logits: self._logits.append(logits))

    def log_probs(self, canvas: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return what the network says of *canvas*; EasyOCR's own greedy text is the best path of it."""
        self._logits.clear()
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*pin_memory.*")  # EasyOCR asks for it on every machine
            # contrast_ths=0: no second pass over doubtful readings, their contrast is stretched already.
            self._easyocr.recognize(canvas, contrast_ths=0.0, reformat=False)
        return np.asarray(torch.log_softmax(self._logits[0][0].float(), dim=1).numpy(), np.float32)


def _import_network(file: Path) -> None:
    """Import the network's definition from *file*: EasyOCR would take the first module of that name that it finds."""
    spec = importlib.util.spec_from_file_location(NETWORK_NAME, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[NETWORK_NAME] = module
    spec.loader.exec_module(module)
