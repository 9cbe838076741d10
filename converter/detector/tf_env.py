"""TensorFlow as the Object Detection API of 2022 expects it. Import this before ``object_detection`` or ``tf_slim``."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import logging
from typing import Any

import tensorflow
from tensorflow.python.ops import (
    cond,
    control_flow_case,
    control_flow_ops,
    control_flow_switch_case,
    while_loop,
)

# TensorFlow carries no annotations that a checker can follow, here as everywhere.
tf: Any = tensorflow

logging.getLogger("tensorflow").setLevel(logging.ERROR)
tf.get_logger().setLevel("ERROR")

# tf_slim 1.1.0 looks for these four in control_flow_ops, from where TensorFlow 2.14 moved them.
control_flow_ops.case = control_flow_case.case
control_flow_ops.cond = cond.cond
control_flow_ops.switch_case = control_flow_switch_case.switch_case
control_flow_ops.while_loop = while_loop.while_loop


def limit_threads(threads: int) -> None:
    """Limit TensorFlow to *threads* cores; call it before the first operation."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(max(1, min(2, threads)))
