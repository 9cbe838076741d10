"""EasyOCR runs the reader's network. Importing this takes seconds and hundreds of megabytes, most of them PyTorch's."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.model import ALPHABET
from edge.vision.checksums import NETWORK_NAME, REINSTALL, read_checked
from edge.vision.fuse_batch_norms import fuse_batch_norms


def import_easyocr() -> ModuleType:
    """Import and return ``easyocr``; of torchvision only the modules that it asks for.

    EasyOCR's recognition needs ``torchvision.transforms`` and nothing else of that package. The package's ``__init__``,
    which a plain import runs first, imports its models, its data sets and, through them, PyTorch's compiler: nearly
    half of a worker's start and 78 MB of its memory. It also needs torchvision's compiled operators, which load beside
    one build of PyTorch only (``operator torchvision::nms does not exist``). A later ``import torchvision`` imports the
    whole package.

    Raises:
        ModelError: torchvision is not installed.
    """
    package = "torchvision"
    if package in sys.modules:
        return importlib.import_module("easyocr")
    spec = importlib.util.find_spec(package)
    if spec is None:
        raise ModelError("torchvision is not installed", "make install, without ENGINE=litert")
    sys.modules[package] = importlib.util.module_from_spec(spec)  # the package, its __init__ not run
    try:
        return importlib.import_module("easyocr")
    finally:
        del sys.modules[package]


easyocr = import_easyocr()
easyocr_utils = importlib.import_module("easyocr.utils")
yaml = importlib.import_module("yaml")


def load(folder: Path) -> EasyOCRNetwork:
    """Load the network in *folder*.

    Raises:
        ModelError: a file is missing or altered, or EasyOCR cannot load it.
    """
    return EasyOCRNetwork(folder)


class EasyOCRNetwork:
    """One network in one EasyOCR reader; see :class:`~edge.vision.network.Network`."""

    def __init__(self, folder: Path) -> None:
        torch.set_num_threads(1)
        files = {suffix: read_checked(folder / f"{NETWORK_NAME}.{suffix}") for suffix in ("py", "yaml", "pth")}
        try:
            self._easyocr: Any = _reader(files["yaml"])
            self._easyocr.converter, self._easyocr.recognizer = _network(files, self._easyocr)
        except (RuntimeError, AttributeError, KeyError, TypeError, ValueError) as error:
            cause = f"the reader in {folder} does not fit this EasyOCR ({type(error).__name__})"
            raise ModelError(cause, f"{REINSTALL}, or EasyOCR in the version of constraints.txt") from error
        except UnpicklingError:
            raise ModelError(f"the weights in {folder} hold more than numbers", REINSTALL) from None
        if self._easyocr.character != ALPHABET:
            raise ModelError(f"the reader in {folder} has another alphabet than this program", REINSTALL)
        network = self._easyocr.recognizer
        fuse_batch_norms(network.eval())
        network.eval = lambda: network  # EasyOCR asks before each crop, and would walk through all its parts again
        self._easyocr.recognizer.to(memory_format=torch.channels_last)  # its convolutions are faster so
        self._logits: list[torch.Tensor] = []
        self._easyocr.recognizer.register_forward_hook(lambda _module, _inputs, logits: self._logits.append(logits))
        self._origins: list[torch.Tensor] = []
        head = getattr(self._easyocr.recognizer, "origin", None)
        self._countries = 0 if head is None else int(head.decide[-1].out_features)
        if head is not None:
            head.register_forward_hook(lambda _module, _inputs, logits: self._origins.append(logits))

    def log_probs(self, canvas: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return log-softmax (cells, 37) of the grey *canvas* (64, 192), as every engine does."""
        self._logits.clear()
        self._origins.clear()
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*pin_memory.*")  # EasyOCR asks for it on every machine
            # contrast_ths=0: no second pass over unsure readings, their contrast is stretched already.
            self._easyocr.recognize(canvas, contrast_ths=0.0, reformat=False)
        return np.asarray(torch.log_softmax(self._logits[0][0].float(), dim=1).numpy(), np.float32)

    def log_probs_of(self, canvases: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.float32]]:
        """Return log-softmax (cells, 37) of each of the grey *canvases* (64, 192).

        On a processor EasyOCR takes one picture after the other; its network takes them all at once.
        """
        with torch.inference_mode():
            batch = torch.from_numpy(np.stack(canvases)[:, None]).float().div_(127.5).sub_(1.0)
            logits = self._easyocr.recognizer(batch.contiguous(memory_format=torch.channels_last), "")
            self._logits.clear()
            self._origins.clear()
            return [np.asarray(each, np.float32) for each in torch.log_softmax(logits.float(), dim=2).numpy()]

    @property
    def countries(self) -> int:
        """How many countries the network tells apart."""
        return self._countries

    def country_logits(self) -> NDArray[np.float32] | None:
        """Return the logits of the countries for the last canvas, float32 (countries,); None without such a head."""
        return np.asarray(self._origins[0][0].float().numpy(), np.float32) if self._origins else None


def _reader(description: bytes) -> Any:
    """EasyOCR's reader of the network with this *description*, without text detector and without the network itself.

    ``recognizer=False`` is EasyOCR's own way to leave the network out. It would unpickle the weights with
    ``weights_only=False``, and such a file is a program.
    """
    with tempfile.TemporaryDirectory(prefix="autovelox-") as folder:
        (Path(folder) / f"{NETWORK_NAME}.yaml").write_bytes(description)
        try:
            return easyocr.Reader(
                ["en"],
                gpu=False,
                recog_network=NETWORK_NAME,
                user_network_directory=folder,
                model_storage_directory=folder,
                download_enabled=False,
                detector=False,
                recognizer=False,
                quantize=False,
                verbose=False,
            )
        finally:
            if folder in sys.path:  # EasyOCR's own addition
                sys.path.remove(folder)


def _network(files: Mapping[str, bytes], reader: Any) -> tuple[Any, torch.nn.Module]:
    """What EasyOCR's ``get_recognizer`` makes for *reader*, of the bytes that were checked: converter and network."""
    converter = easyocr_utils.CTCLabelConverter(reader.character, {}, {})
    module = sys.modules[NETWORK_NAME] = ModuleType(NETWORK_NAME)
    exec(compile(files["py"], f"{NETWORK_NAME}.py", "exec"), module.__dict__)  # noqa: S102 - the release's own, checked
    network: torch.nn.Module = module.Model(
        num_class=len(converter.character), **yaml.safe_load(files["yaml"])["network_params"]
    )
    weights = torch.load(BytesIO(files["pth"]), map_location="cpu", weights_only=True)
    network.load_state_dict({name.removeprefix("module."): values for name, values in weights.items()})
    return converter, network
