"""``autovelox doctor``: what this machine has and what it lacks, with the remedy."""

from edge.doctor.command import add_commands

__all__ = ["add_commands"]
