"""The second look at each proposal of the detector: training, conversion."""
