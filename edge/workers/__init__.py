"""Worker processes with a deadline."""
