"""From plate reads and claims to a verdict: pure functions on numbers and texts."""
