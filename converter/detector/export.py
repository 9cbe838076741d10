"""Export: a checkpoint becomes a SavedModel that TFLiteConverter takes.

The network is fully convolutional, so the size of its input is free.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from object_detection import export_tflite_graph_lib_tf2
from object_detection.utils import config_util

from converter.detector.pipeline import STRIDE
from converter.detector.tf_env import tf
from converter.errors import ConverterError, MissingError

MAX_DETECTIONS = 50


def export(training: Path, out: Path, *, width: int, height: int) -> Path:
    """Write the SavedModel with TFLite's post-processing; return its folder.

    Args:
        training: folder with pipeline.config and checkpoints.
        out: folder for ``saved_model/``; an older one is replaced.
        width: the network's input, in pixels, a multiple of 32.
        height: as width.

    Raises:
        MissingError: the folder holds no training.
        ConverterError: the size is impossible.
    """
    config_file = training / "pipeline.config"
    if not config_file.is_file() or tf.train.latest_checkpoint(str(training)) is None:
        raise MissingError(f"{training} holds no trained checkpoint", "run `autovelox-convert train` first")
    if width % STRIDE or height % STRIDE or min(width, height) < STRIDE:
        raise ConverterError(
            f"the input size {width}x{height} is impossible", f"give multiples of {STRIDE} for both sides"
        )
    configs = config_util.get_configs_from_pipeline_file(str(config_file))
    resizer = configs["model"].ssd.image_resizer.fixed_shape_resizer
    resizer.width, resizer.height = width, height
    pipeline = config_util.create_pipeline_proto_from_configs(configs)
    shutil.rmtree(out / "saved_model", ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
    export_tflite_graph_lib_tf2.export_tflite_model(
        pipeline, str(training), str(out), max_detections=MAX_DETECTIONS, use_regular_nms=True
    )
    return out / "saved_model"
