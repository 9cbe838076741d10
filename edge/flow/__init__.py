"""The flow: from a trigger to a decided case."""
