"""Trials of the verdict on known cases, and the thresholds that are chosen from them."""
