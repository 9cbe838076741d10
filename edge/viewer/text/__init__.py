"""The officer's language: messages, fixed words, text made safe to show."""
