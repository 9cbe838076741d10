"""``autovelox doctor``: what this machine has and lacks, each lack with its remedy."""

from edge.doctor.command import add_commands

__all__ = ["add_commands"]
