"""A token of SoftHSM2 in a folder of its own, for tests of chips that are a PKCS#11 token."""

from __future__ import annotations

import atexit
import ctypes.util
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

PIN = "493817"
_MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)

needs_token = pytest.mark.skipif(shutil.which("softhsm2-util") is None, reason="SoftHSM2 is not installed")


def module() -> Path:
    """SoftHSM2's library."""
    found = [Path(each) for each in _MODULES if Path(each).is_file()]
    return found[0] if found else Path(ctypes.util.find_library("softhsm2") or _MODULES[0])


@dataclass(frozen=True)
class SoftToken:
    """A token with a PIN, and the file that holds the PIN."""

    folder: Path
    label: str = "ada"

    @property
    def pin_file(self) -> Path:
        return self.folder / "pin"

    def uri(self, *, object: str = "", pin_file: Path | None = None) -> str:
        named = f";object={object}" if object else ""
        source = pin_file or self.pin_file
        return f"pkcs11:token={self.label}{named}?module-path={module()}&pin-source={source}"


def make_token(folder: Path) -> SoftToken:
    """Initialise a token below *folder*; the variable SOFTHSM2_CONF has to name ``folder/softhsm2.conf``."""
    (folder / "tokens").mkdir(parents=True)
    config = f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n"
    (folder / "softhsm2.conf").write_text(config)
    token = SoftToken(folder)
    token.pin_file.write_text(f"{PIN}\n")
    token.pin_file.chmod(0o600)
    command = ["softhsm2-util", "--init-token", "--free", "--label", token.label, "--pin", PIN, "--so-pin", "77777777"]
    environment = {"SOFTHSM2_CONF": str(folder / "softhsm2.conf")}
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)
    return token


@contextmanager
def token_of_process() -> Iterator[SoftToken]:
    """The token of this process: SoftHSM2's library reads its configuration once, so that all tests here share one."""
    token = _made()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SOFTHSM2_CONF", str(token.folder / "softhsm2.conf"))
        yield token


@cache
def _made() -> SoftToken:
    folder = Path(tempfile.mkdtemp(prefix="autovelox-test-token-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return make_token(folder / "hsm")
