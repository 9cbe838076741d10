"""The viewer: a Tk program of its own that shows cases to an officer and records the officer's decisions."""
