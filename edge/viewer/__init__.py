"""The viewer: a separate Tk program that shows cases to an officer and records the officer's reviews."""

from edge.viewer.commands import add_commands

__all__ = ["add_commands"]
