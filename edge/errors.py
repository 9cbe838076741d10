"""Every error of the unit: one tree, each leaf also the built-in it specialises.

    EdgeError
    ├── ConfigError      3   the configuration
    ├── ModelError       4   a model file
    ├── ImageError       5   a picture
    ├── CameraError      6   the camera or the recorded feed
    ├── RadarError       7   the radar's pin or serial port
    ├── RegistryError    8   the police registry
    ├── SecretError      9   a key
    ├── CaseError       10   the case store
    │   ├── NoSuchCase
    │   ├── ReasonNeeded
    │   ├── SecondOfficerNeeded
    │   ├── EvidenceError   11
    │   ├── PhotosLeft
    │   └── StorageFull     12
    ├── LinkError       13   a car, or the unit's port
    ├── WorkerError     14   a worker process
    ├── ViewerError     15   the viewer
    ├── DeliveryError   16   the centre, or the way to it
    └── PacketError          a packet that cannot be opened; never reaches the command line

The number is the exit code of the command line. None of them is an :class:`OSError`: an ``except OSError`` around an
operation of the system must not swallow one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.model import Rejection


class EdgeError(Exception):
    """Base of every error the unit raises on purpose.

    ``cause`` says what is wrong and ``remedy`` what to do about it, both for a person; as a text the error is
    ``cause: remedy``. Neither ever contains a plate, a licence number, a uid or a key.
    """

    exit_code = 1

    def __init__(self, cause: str, remedy: str) -> None:
        """Keep both parts of the message."""
        super().__init__(cause, remedy)
        self.cause = cause
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.cause}: {self.remedy}"


class ConfigError(EdgeError, ValueError):
    """The configuration file is missing, unreadable or says something that cannot be."""

    exit_code = 3


class ModelError(EdgeError, RuntimeError):
    """A model file is missing, altered, or of another shape than the program needs."""

    exit_code = 4


class ImageError(EdgeError, ValueError):
    """A picture cannot be decoded."""

    exit_code = 5


class CameraError(EdgeError, RuntimeError):
    """The camera or the recorded feed gave no usable photo."""

    exit_code = 6


class RadarError(EdgeError, RuntimeError):
    """The radar's pin or serial port cannot be used."""

    exit_code = 7


class RegistryError(EdgeError, RuntimeError):
    """The police registry is missing, damaged, or refuses an entry."""

    exit_code = 8


class SecretError(EdgeError, ValueError):
    """A key is missing, unreadable by us, readable by others, or the wrong one."""

    exit_code = 9


class CaseError(EdgeError, RuntimeError):
    """The case store is missing, damaged or refuses an entry."""

    exit_code = 10


class NoSuchCase(CaseError, LookupError):
    """There is no case of that number."""


class ReasonNeeded(CaseError):
    """Another officer has judged the case: who looks at it says why."""


class SecondOfficerNeeded(CaseError):
    """Two officers judged the case: no judgement of one alone takes the place of theirs."""


class EvidenceError(CaseError, ValueError):
    """Evidence does not bear out what it claims: a hash, a signature, the chain or the numbering is wrong."""

    exit_code = 11


class PhotosLeft(CaseError):
    """The photos of a case left the card: the centre has them."""


class StorageFull(CaseError):
    """The disk has no room for another case."""

    exit_code = 12


class LinkError(EdgeError, RuntimeError):
    """A car could not deliver its packet, or the unit cannot listen."""

    exit_code = 13


class WorkerError(EdgeError, RuntimeError):
    """A worker process failed, hung or was killed."""

    exit_code = 14


class ViewerError(EdgeError, RuntimeError):
    """The viewer cannot run here."""

    exit_code = 15


class DeliveryError(EdgeError, RuntimeError):
    """The centre cannot be reached, or refuses what the unit sends."""

    exit_code = 16


class PacketError(EdgeError, ValueError):
    """A packet could not be opened; ``reason`` is what to count, and the message never says more."""

    def __init__(self, reason: Rejection) -> None:
        """Keep the *reason*."""
        super().__init__(f"the packet was rejected ({reason})", "rejected packets are counted by reason")
        self.reason = reason

    def __reduce__(self) -> tuple[type[PacketError], tuple[Rejection]]:
        return type(self), (self.reason,)


def why(error: Exception) -> str:
    """What the system says of *error*, without the number and the path, which the sentence around it names."""
    if isinstance(error, UnicodeDecodeError):
        return "it is no text"
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
