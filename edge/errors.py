"""Every error of the unit: one tree, each leaf also the built-in it specialises.

A message is one sentence for a person and says what to do. It never contains a plate, a licence number, a uid or a
key. ``exit_code`` is what the command line ends with.
"""

from __future__ import annotations


class EdgeError(Exception):
    """Base of every error the unit raises on purpose."""

    exit_code = 1


class ConfigError(EdgeError, ValueError):
    """The configuration file is missing, unreadable or says something that cannot be."""

    exit_code = 3


class ModelError(EdgeError, RuntimeError):
    """A model file is missing, altered, or of another shape than the program needs."""

    exit_code = 4


class ImageError(EdgeError, ValueError):
    """A picture cannot be decoded."""

    exit_code = 5


class CameraError(EdgeError, OSError):
    """The camera or the recorded feed gave no usable frame."""

    exit_code = 6


class RadarError(EdgeError, OSError):
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


class EvidenceError(CaseError, ValueError):
    """Evidence does not bear out what it claims: a hash, a signature, the chain or the numbering is wrong."""

    exit_code = 11


class StorageFull(CaseError, OSError):
    """The disk has no room for another case."""

    exit_code = 12


class PacketError(EdgeError, ValueError):
    """A packet could not be opened; ``reason`` is a fixed word for the counters, the message never says more."""

    def __init__(self, reason: str) -> None:
        """Keep the fixed word *reason*."""
        super().__init__(f"the packet was thrown away: {reason}")
        self.reason = reason


class LinkError(EdgeError, ConnectionError):
    """A car could not deliver its packet, or the unit cannot listen."""

    exit_code = 13


class WorkerError(EdgeError, RuntimeError):
    """A worker process failed, hung or was killed."""

    exit_code = 14


class ViewerError(EdgeError, RuntimeError):
    """The viewer cannot run here."""

    exit_code = 15
