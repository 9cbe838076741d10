"""Packets, chips and key files: pure cryptography, and the files that hold keys."""
