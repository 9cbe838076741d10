"""Training of the detector with the TF2 Object Detection API."""

from __future__ import annotations

import ast
import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from object_detection import model_lib_v2
from object_detection.builders import model_builder
from object_detection.utils import config_util

from converter.detector import pipeline, weights
from converter.detector.tf_env import limit_threads, tf
from converter.detector.tfrecords import decode
from converter.errors import ConverterError, MissingError
from converter.measure import plot_losses
from converter.progress import Progress

STATISTICS_PHOTOS = 48
NETWORK = "network"
"""Folder beside the checkpoints for the trained network alone, a third of their size: what `--start` takes, too."""
LOSSES = "losses.jsonl"
_STEP = re.compile(r"Step (\d+) per-step time ([\d.]+)s")


class TrainingLog(logging.Handler):
    """Turns the training loop's log into lines for a person: step, losses, learning rate, seconds a step.

    The losses go to the file *log*, too, one JSON line for each; a training that is continued continues the file.
    """

    def __init__(self, progress: Progress, log: Path) -> None:
        """Read the losses that *log* has already."""
        super().__init__(logging.INFO)
        self._progress = progress
        self._step, self._seconds = 0, 0.0
        self._log = log
        lines = log.read_text(encoding="utf-8").splitlines() if log.is_file() else []
        self._losses: dict[int, dict[str, float]] = dict(json.loads(line) for line in lines)

    @property
    def history(self) -> list[tuple[int, dict[str, float]]]:
        """Steps with their losses and learning rate, those before an interruption included."""
        return sorted(self._losses.items())

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line ``Step ...``, or the line with the losses as a dictionary that follows it."""
        message = record.getMessage()
        if match := _STEP.match(message):
            self._progress.step(count=int(match[1]) - self._step)
            self._step, self._seconds = int(match[1]), float(match[2])
        elif message.startswith("{'Loss/"):
            losses = {key: float(value) for key, value in ast.literal_eval(message).items()}
            self._losses[self._step] = losses
            with self._log.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps([self._step, losses]) + "\n")
            self._progress.say(
                f"step {self._step:6d}   loss {losses['Loss/total_loss']:.3f}"
                f" (class {losses['Loss/classification_loss']:.3f}, box {losses['Loss/localization_loss']:.3f})"
                f"   rate {losses['learning_rate']:.4f}   {self._seconds:.2f} s a step"
            )


@contextmanager
def _listening(log: TrainingLog, every: int) -> Iterator[None]:
    logger = tf.get_logger()
    level, propagate, handlers = logger.level, logger.propagate, list(logger.handlers)
    logger.handlers[:] = [log]
    logger.propagate = False
    logger.setLevel(logging.INFO)
    model_lib_v2.LOG_EVERY = every
    try:
        yield
    finally:
        logger.handlers[:] = handlers
        logger.setLevel(level)
        logger.propagate = propagate


@contextmanager
def _freezing(plan: pipeline.Plan) -> Iterator[None]:
    """Let the training loop build the model with the backbone's first blocks fixed, which saves their backward pass."""
    builders = model_lib_v2.MODEL_BUILD_UTIL_MAP
    original = builders["detection_model_fn_base"]

    def build(**arguments: Any) -> Any:
        model = original(**arguments)
        if plan.frozen:
            extractor = model._feature_extractor
            extractor.build(tf.TensorShape([None, plan.height, plan.width, 3]))
            after = re.compile(rf"block_{plan.frozen}_")
            for layer in extractor.classification_backbone.layers:
                if after.match(layer.name):
                    break
                layer.trainable = False
        return model

    builders["detection_model_fn_base"] = build
    try:
        yield
    finally:
        builders["detection_model_fn_base"] = original


def train(
    plan: pipeline.Plan,
    folder: Path,
    *,
    tfjs: Path | None = None,
    earlier: Path | None = None,
    threads: int = 2,
    checkpoint_every: int = 500,
) -> list[tuple[int, dict[str, float]]]:
    """Train until ``plan.steps``; continue from the newest checkpoint in *folder* if there is one.

    Args:
        plan: records, schedule, input size.
        folder: where checkpoints, TensorBoard logs, pipeline.config, the losses (`losses.jsonl`, `losses.png`) and the
            trained network go.
        tfjs: folder of the TensorFlow.js starting weights.
        earlier: folder of an earlier training, or of its network alone, to start from instead.
        threads: cores for TensorFlow.
        checkpoint_every: steps.

    Returns:
        (step, losses and learning rate) every 50 steps.

    Raises:
        ConverterError: the records or starting weights are missing or unusable.
    """
    if not plan.records.parent.is_dir() or not list(plan.records.parent.glob(plan.records.name)):
        raise ConverterError(f"there are no records {plan.records}", "make them with `autovelox-convert dataset`")
    limit_threads(threads)
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "pipeline.config"
    if tfjs is not None:
        plan = replace(plan, start=_backbone_checkpoint(plan, folder, tfjs), start_kind="classification")
    elif earlier is not None:
        plan = replace(plan, start=_whole_checkpoint(plan, folder, earlier), start_kind="full")
    config.write_text(pipeline.fill(plan), encoding="utf-8")
    if latest := tf.train.latest_checkpoint(str(folder)):
        sys.stderr.write(f"going on from {latest}\n")
    every = min(50, plan.steps)
    with Progress("train", plan.steps) as progress, _freezing(plan):
        log = TrainingLog(progress, folder / LOSSES)
        with _listening(log, every):
            model_lib_v2.train_loop(
                pipeline_config_path=str(config),
                model_dir=str(folder),
                train_steps=plan.steps,
                checkpoint_every_n=min(checkpoint_every, plan.steps),
                checkpoint_max_to_keep=3,
                record_summaries=False,
                num_steps_per_iteration=every if plan.steps % every == 0 else 1,
            )
    save_network(plan, folder, folder, folder / NETWORK / "network")
    if log.history:
        plot_losses(log.history, folder / "losses.png")
    return log.history


def _build(plan: pipeline.Plan, folder: Path) -> Any:
    """Return the untrained detection model of *plan*."""
    config = folder / "start.config"
    config.write_text(pipeline.fill(plan), encoding="utf-8")
    model_config = config_util.get_configs_from_pipeline_file(str(config))["model"]
    config.unlink()
    return model_builder.build(model_config, is_training=True)


def _backbone_checkpoint(plan: pipeline.Plan, folder: Path, tfjs: Path) -> Path:
    """Return a checkpoint of the backbone with the TensorFlow.js weights and statistics of the training scenes."""
    path = folder / "start" / "backbone-1"
    if path.with_suffix(".index").exists():
        return path
    stored = weights.read_tfjs(tfjs)
    extractor = _build(plan, folder)._feature_extractor
    extractor.build(tf.TensorShape([None, plan.height, plan.width, 3]))
    records = tf.data.TFRecordDataset(sorted(str(p) for p in plan.records.parent.glob(plan.records.name)))
    photos = []
    for record in records.take(STATISTICS_PHOTOS):
        image = tf.image.resize(decode(record.numpy())[0], (plan.height, plan.width)).numpy()
        photos.append((image / 127.5 - 1.0).astype(np.float32))
    count = weights.load_backbone(extractor.classification_backbone, stored, photos)
    sys.stderr.write(f"starting weights: {count} convolutions from {tfjs}\n")
    tf.train.Checkpoint(feature_extractor=extractor.classification_backbone).save(str(path.with_name("backbone")))
    return path


def _whole_checkpoint(plan: pipeline.Plan, folder: Path, earlier: Path) -> Path:
    """Return a checkpoint of the network of an earlier training, to start from."""
    path = folder / "start" / "network-1"
    if not path.with_suffix(".index").exists():
        save_network(plan, folder, earlier, path.with_name("network"))
        sys.stderr.write(f"starting weights: {earlier}\n")
    return path


def save_network(plan: pipeline.Plan, folder: Path, trained: Path, path: Path) -> None:
    """Save the newest network in *trained* without step and optimizer: they belong to a schedule that has ended.

    Raises:
        MissingError: there is no checkpoint.
    """
    latest = tf.train.latest_checkpoint(str(trained))
    if latest is None:
        raise MissingError(
            f"{trained} holds no trained checkpoint", "give a folder that `autovelox-convert train` wrote"
        )
    model = _build(plan, folder)
    image, shapes = model.preprocess(tf.zeros([1, plan.height, plan.width, 3]))
    model.predict(image, shapes)
    tf.train.Checkpoint(model=model).restore(latest).expect_partial()
    tf.train.Checkpoint(model=model).save(str(path))
