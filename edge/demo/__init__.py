"""``autovelox demo``: a recorded feed, a fictional registry, and cars that connect over real Socket.IO."""
