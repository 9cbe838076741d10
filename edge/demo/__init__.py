"""What ``make demo`` runs on: a recorded feed, a fictional registry, and cars that call over real Socket.IO."""
