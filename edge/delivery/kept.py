"""Writing what the unit trusts from now on: the authority's certificate, the opening service; both are public."""

from __future__ import annotations

import os
from pathlib import Path

from edge.crypto import sync_folder
from edge.errors import DeliveryError


def keep(file: Path, text: str) -> None:
    """Write *text*, ASCII, to *file*, whole or not at all; a link in place of the part is removed, not followed.

    Raises:
        DeliveryError: it cannot be written.
    """
    part = file.with_name(file.name + ".part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as new:
            new.write(text.encode("ascii"))
            new.flush()
            os.fsync(new.fileno())
        part.replace(file)
        sync_folder(file.parent)
    except OSError as error:
        raise DeliveryError(f"{file} cannot be written ({error.strerror})", "run as the unit's operator") from None
