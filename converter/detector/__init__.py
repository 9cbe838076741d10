"""The plate detector: data set, training, export, quantization."""
