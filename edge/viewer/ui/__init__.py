"""Theme, widgets, window, sheets: what panels are made of."""
