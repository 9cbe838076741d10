"""The strip network and its training (Keras): a plate's left end in, a logit of each country's sign out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from converter.detector.tf_env import tf
from converter.errors import MissingError, NetworkError
from converter.progress import Progress
from converter.strip.batches import CLASSES, batches
from converter.strip.recover import recover
from converter.synth import FontShelf
from edge.vision.strip import SIDE

NETWORK = "strip.weights.h5"
"""File of the trained network in its folder; ``strip.json`` beside it tells how it was trained."""
BATCH = 64
CHECKPOINT_STEPS = 2_000
"""Steps after which the network is stored."""
SMOOTHING = 0.02
_NORMS_SEED, _NORMS_BATCHES = 98, 8
"""Drawings from which the batch norms of an int8 file are told."""
WARMUP, WARM_START = 0.1, 0.02
"""Shares of the steps in which the rate rises: of a new network, of one that was trained before."""


def build() -> Any:
    """The untrained network: (B, SIDE, SIDE, 3) from -1 to 1; logits of :data:`CLASSES`."""
    layers = tf.keras.layers

    def conv(x: Any, filters: int, strides: int, size: int = 3) -> Any:
        x = layers.Conv2D(filters, size, strides, "same", use_bias=False)(x)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.99)(x))

    image = layers.Input((SIDE, SIDE, 3), name="image")
    x = conv(image, 16, 2, 5)
    x = conv(x, 32, 2)
    x = conv(x, 64, 1)
    x = conv(x, 64, 2)
    x = layers.Add()([x, conv(x, 64, 1)])
    x = conv(x, 96, 2)
    x = layers.Dropout(0.2)(layers.Flatten()(x))
    x = layers.Dense(128, activation="relu")(x)
    return tf.keras.Model(image, layers.Dense(len(CLASSES), name="logits")(x))


def train(
    shelf: FontShelf, out: Path, *, steps: int, rate: float = 2e-3, seed: int = 1, start: Path | None = None
) -> Any:
    """Train for *steps* batches of plates drawn on the way; store the network in *out*, also on the way.

    The rate rises to *rate* and falls to 0 along a cosine. Returns the network.

    Args:
        shelf: fonts of signs and characters.
        out: folder of the network.
        steps: batches of :data:`BATCH` pictures.
        rate: the largest learning rate.
        seed: of the first weights and of the drawings.
        start: a folder of an earlier training to go on from, or the int8 file of one.

    Raises:
        MissingError: *start* holds no trained network.
    """
    tf.keras.utils.set_random_seed(seed)
    model = trained(start, shelf) if start else build()
    rising = round((WARM_START if start else WARMUP) * steps)
    schedule = tf.keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - rising), warmup_target=rate, warmup_steps=rising
    )
    optimizer = tf.keras.optimizers.AdamW(schedule, weight_decay=0.02)
    decays = [variable for variable in model.trainable_variables if "kernel" not in variable.name]
    optimizer.exclude_from_weight_decay(var_list=decays)
    entropy = tf.keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=SMOOTHING)

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def step(pictures: Any, classes: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            logits = model(tf.cast(pictures, tf.float32) / 127.5 - 1.0, training=True)
            loss = entropy(tf.one_hot(classes, len(CLASSES)), logits)
        optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables,
                                      strict=True))  # fmt: skip
        return loss, tf.reduce_mean(tf.cast(tf.argmax(logits, 1) == classes, tf.float32))

    out.mkdir(parents=True, exist_ok=True)
    told: list[tuple[float, float]] = []
    drawn = batches(shelf, BATCH, seed)
    with Progress("strips", steps) as progress:
        for number in range(1, steps + 1):
            loss, right = step(*next(drawn))
            told.append((float(loss), float(right)))
            if number % CHECKPOINT_STEPS == 0 or number == steps:
                _store(model, out, number, steps, seed)
            shown = np.mean(told[-500:], axis=0)
            progress.step(f"loss {shown[0]:.3f}, right {shown[1]:.3f}")
    return model


def _store(model: Any, out: Path, number: int, steps: int, seed: int) -> None:
    unfinished = out / f"unfinished.{NETWORK}"
    model.save_weights(unfinished)
    unfinished.replace(out / NETWORK)
    about = {"steps": number, "planned": steps, "seed": seed}
    (out / "strip.json").write_text(json.dumps(about) + "\n", encoding="utf-8")


def trained(folder: Path, shelf: FontShelf | None = None) -> Any:
    """The network that :func:`train` left in *folder*, or the one of an int8 file (``.tflite``) that was exported.

    *shelf* has the fonts of the pictures from which such a file's batch norms are told; see
    :func:`converter.strip.recover.recover`.

    Raises:
        MissingError: there is none.
        ModelError: the file cannot be used.
        NetworkError: it is another network than this program builds.
    """
    model = build()
    if folder.suffix == ".tflite":
        drawn = batches(shelf or FontShelf(), BATCH, _NORMS_SEED)
        recover(model, folder, np.concatenate([next(drawn)[0] for _ in range(_NORMS_BATCHES)]))
        return model
    if not (folder / NETWORK).is_file():
        raise MissingError(f"{folder} holds no trained strip network", "run `autovelox-convert strip train` first")
    try:
        model.load_weights(folder / NETWORK)
    except (ValueError, OSError):
        raise NetworkError(f"{folder / NETWORK} is of another network than this", "train in a new folder") from None
    return model
