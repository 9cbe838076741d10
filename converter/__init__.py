"""Training, conversion and measuring of the networks that a unit runs: the command ``autovelox-convert``.

    labels     labelled photos, crops and clips: read, corrected, grouped
    synth      drawn plates and scenes, and the simulated camera
    measure    metrics, goals, reports and pictures of errors
    detector   finds plates: data set, training (TensorFlow), export, quantization
    refiner    checks and corrects what the detector proposes (TensorFlow)
    reader     reads plates: batches, network, training (PyTorch)
    verdict    trials of the verdict on known cases, and its thresholds
    strip      tells a plate's country by its strip: drawings, training (TensorFlow), calibration

A room imports from rooms above it only; ``refiner``, ``reader`` and ``strip`` may import ``detector``,
``strip`` calibrates with ``verdict``. Each room that has commands
has them in ``commands.py``.
"""
