"""The files of a models folder, and the one list of their checksums.

``SHA256SUMS`` in the folder names every model file, also those in its folder ``reader``. A file is checked each time it
is read, and exactly the checked bytes are used. The list of the shipped models is part of the program, so that
exchanging a model and the list beside it is noticed. A folder of your own, which the settings name, has a list of its
own.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from pathlib import Path
from typing import Any

from edge.config import models_dir
from edge.errors import ModelError

LIST_NAME = "SHA256SUMS"
"""As ``sha256sum`` writes it: checksum, two spaces, file name."""
RELEASE_LIST = Path(__file__).with_name(LIST_NAME)
"""The list of the models that belong to this program."""
NETWORK_NAME = "plate_reader"
"""EasyOCR's name of the reader's network."""
LITERT_NAME = f"{NETWORK_NAME}_float32.tflite"
"""The same network for LiteRT; its description beside it names the checksum of the weights it was made from."""
READER_FILES = tuple(f"{NETWORK_NAME}.{suffix}" for suffix in ("py", "yaml", "pth", "json"))
REINSTALL = "install the models again"
"""The remedy of whatever is wrong with a model file."""


def read_checked(path: Path) -> bytes:
    """Return the content of the model file *path*, if its SHA-256 is the one on the list.

    The list is the program's own for the models that it ships with; else the one in the file's folder, or the one in
    the folder above where that names files of this folder.

    Raises:
        ModelError: the file or the list cannot be read, or the file is not listed or not the listed one.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror})", REINSTALL) from None
    if hashlib.sha256(content).hexdigest() != listed_sha256(path).lower():
        raise ModelError(f"{path} is damaged or was exchanged (its checksum is wrong)", REINSTALL)
    return content


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in *path*, checked like every model file.

    Raises:
        ModelError: as for :func:`read_checked`, or the file holds no JSON object.
    """
    try:
        content = json.loads(read_checked(path))
    except ValueError:
        raise ModelError(f"{path} is not valid JSON", REINSTALL) from None
    if not isinstance(content, dict):
        raise ModelError(f"{path} does not describe a model", REINSTALL)
    return content


def listed_sha256(path: Path) -> str:
    """Return the SHA-256 (hex) that the list gives for the model file *path*; the file itself is not read.

    Raises:
        ModelError: the list cannot be read or does not name the file.
    """
    home, prefix = _list_of(path.parent)
    listed = _read_list(home)
    if prefix + path.name not in listed:
        raise ModelError(f"{home / LIST_NAME} does not list {prefix}{path.name}", _remedy(home))
    return listed[prefix + path.name]


def verify_folder(folder: Path, names: tuple[str, ...]) -> None:
    """Check the files *names* in *folder*.

    Raises:
        ModelError: as for :func:`read_checked`.
    """
    for name in names:
        read_checked(folder / name)


def reader_checksum(models: Path) -> str:
    """SHA-256 (hex) of the reader's weights in the folder of all *models*; see :func:`weights_checksum`."""
    return weights_checksum(models / "reader")


def weights_checksum(folder: Path) -> str:
    """SHA-256 (hex) of the weights in the reader's *folder*, as the list gives it: load them to check it.

    Raises:
        ModelError: as for :func:`listed_sha256`.
    """
    return listed_sha256(folder / f"{NETWORK_NAME}.pth")


def is_of_release(models: Path) -> bool:
    """Whether the folder of all *models* holds what this program ships with, wherever it lies.

    Raises:
        ModelError: its list cannot be read.
    """
    return _read_list(models) == _parsed(RELEASE_LIST.read_text(encoding="utf-8"))


def write_list(folder: Path, names: tuple[str, ...]) -> None:
    """Enter the files *names* of *folder* in the list, in place of what it says of them; what else it lists stays.

    A list is begun in *folder* unless the one in the folder above names files of *folder*.

    Raises:
        ModelError: the list that is there cannot be read.
        OSError: a file cannot be read, or the list cannot be written.
    """
    home, prefix = _list_of(folder)
    listed = _read_list(home) if (home / LIST_NAME).exists() else {}
    for name in names:
        listed[prefix + name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    lines = (f"{listed[name]}  {name}\n" for name in sorted(listed))
    text = "".join(lines)
    (home / LIST_NAME).write_text(text, encoding="utf-8")
    if _is_shipped(home):
        RELEASE_LIST.write_text(text, encoding="utf-8")


def _list_of(folder: Path) -> tuple[Path, str]:
    """The folder whose list covers *folder*, and what stands before the names of the files there."""
    above, prefix = folder.absolute().parent, f"{folder.absolute().name}/"
    if (above / LIST_NAME).exists() and any(name.startswith(prefix) for name in _read_list(above)):
        return above, prefix
    return folder, ""


def _is_shipped(folder: Path) -> bool:
    """Whether *folder* is the one that comes with this program."""
    return folder.resolve() == models_dir().resolve()


def _read_list(folder: Path) -> dict[str, str]:
    """File names and their checksums."""
    path = RELEASE_LIST if _is_shipped(folder) else folder / LIST_NAME
    try:
        return _parsed(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror})", _remedy(folder)) from None
    except ValueError:
        raise ModelError(f"{path} cannot be read (it is no list of checksums)", _remedy(folder)) from None


def _parsed(text: str) -> dict[str, str]:
    return {name: expected for expected, name in (line.split(maxsplit=1) for line in text.splitlines() if line.strip())}


def _remedy(folder: Path) -> str:
    """What to do about the list; a folder of models made by an earlier release has none."""
    if not any(path.suffix in {".tflite", ".pth"} for path in folder.glob("*")):
        return REINSTALL
    enter = f"cd {shlex.quote(str(folder))}"
    command = f"find * -type f ! -name {LIST_NAME} -exec sha256sum {{}} + > {LIST_NAME}"
    return f"{REINSTALL}; if they are your own and you trust them as they are, list them: {enter} && {command}"
