"""What happens when the officer acts: the application, the list, the open case, reviews, export and verification."""

from edge.viewer.control.app import Options, Viewer, run

__all__ = ["Options", "Viewer", "run"]
