"""The country strip at a plate's left end: training, conversion, calibration."""
