"""Seeing: the plate detector, the reader, and the worker processes they run in."""
