"""The opening service: the only one that may read sealed keys. It says of a case who drove, and of nobody else."""

from centre.opening.main import opening, run

__all__ = ["opening", "run"]
