"""What the window shows: list, photo, driver, history, status, buttons."""
