"""Where the viewer gets cases and pictures from, off Tk's thread."""
