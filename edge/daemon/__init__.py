"""The running process: start, loop, stop, monitoring."""
