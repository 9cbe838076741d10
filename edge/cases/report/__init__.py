"""The printed report of a case."""
