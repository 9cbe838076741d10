"""autovelox-convert: from labelled photos to the TFLite detector that a unit runs."""
