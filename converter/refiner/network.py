"""The refiner's network and its training (Keras): a close-up in, plate or not and the plate's edges out."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converter.detector.tf_env import tf
from converter.errors import ConverterError, MissingError, NetworkError
from converter.progress import Progress
from converter.refiner.store import HEIGHT, MARGINS, WIDTH, Closeups
from edge.vision.refiner import edges_of

Batch = tuple[NDArray[np.float32], NDArray[np.float32]]
NETWORK = "network"
"""Folder beside the checkpoints for the trained network alone, a third of their size."""
EDGES_WEIGHT = 4.0
"""Of the edges' loss beside the classification's, which is about as large after the first epoch."""


def build() -> Any:
    """The untrained network: (B, 64, 128, 3) from -1 to 1; out come a logit (B, 1) and edges (B, 4)."""
    layers = tf.keras.layers

    def conv(x: Any, filters: int, strides: int) -> Any:
        x = layers.Conv2D(
            filters, 3, strides, "same", use_bias=False, kernel_regularizer=tf.keras.regularizers.L2(2e-5)
        )(x)
        return layers.ReLU(6.0)(layers.BatchNormalization(momentum=0.98)(x))

    image = layers.Input((HEIGHT, WIDTH, 3), name="image")
    x = conv(conv(image, 24, 2), 32, 2)
    for filters in (64, 96):
        x = conv(x, filters, 2)
        x = layers.Add()([x, conv(x, filters, 1)])
    x = layers.Dropout(0.2)(layers.Flatten()(x))
    x = layers.Dense(128, use_bias=False)(x)
    x = layers.ReLU(6.0)(layers.BatchNormalization(momentum=0.98)(x))
    logit = layers.Dense(1, name="logit")(x)
    shifts = layers.Dense(4, kernel_initializer="zeros")(x)
    # In tenths of the close-up beside where the proposal lies: one step of Adam must not throw the box away.
    edges = layers.Rescaling(0.1, list(edges_of(MARGINS)), name="edges")(shifts)
    return tf.keras.Model(image, [logit, edges])


def losses(targets: Any, logit: Any, edges: Any) -> tuple[Any, Any]:
    """Cross entropy of plate or not; of the plates the mean of 1 - IoU and the edges' distance."""
    plate = targets[:, 0]
    cross = tf.nn.sigmoid_cross_entropy_with_logits(0.02 + 0.96 * plate, logit[:, 0])
    wanted = targets[:, 1:]
    distance = tf.reduce_sum(tf.abs(edges - wanted), axis=1)
    x1, y1 = tf.maximum(edges[:, 0], wanted[:, 0]), tf.maximum(edges[:, 1], wanted[:, 1])
    x2, y2 = tf.minimum(edges[:, 2], wanted[:, 2]), tf.minimum(edges[:, 3], wanted[:, 3])
    shared = tf.nn.relu(x2 - x1) * tf.nn.relu(y2 - y1)
    areas = [tf.nn.relu(b[:, 2] - b[:, 0]) * tf.nn.relu(b[:, 3] - b[:, 1]) for b in (edges, wanted)]
    overlap = shared / (areas[0] + areas[1] - shared + 1e-6)
    of_plates = tf.reduce_sum(plate * (distance + 1 - overlap)) / (tf.reduce_sum(plate) + 1.0)
    return tf.reduce_mean(cross), of_plates


def varied(pixels: NDArray[np.uint8], targets: NDArray[np.float32], rng: np.random.Generator) -> Batch:
    """Close-ups mirrored half of the time and in a little other light, from -1 to 1."""
    images = pixels.astype(np.float32) / 127.5 - 1.0
    wanted = targets.copy()
    mirror = rng.random(len(images)) < 0.5
    images[mirror] = images[mirror, :, ::-1]
    wanted[mirror, 1], wanted[mirror, 3] = 1 - targets[mirror, 3], 1 - targets[mirror, 1]
    shape = (len(images), 1, 1, 1)
    images *= rng.uniform(0.75, 1.25, shape).astype(np.float32)
    images += rng.uniform(-0.2, 0.2, shape).astype(np.float32)
    return np.clip(images, -1, 1, out=images), wanted


def batches(closeups: Closeups, size: int, rng: np.random.Generator) -> Iterator[Batch]:
    """One epoch in random order."""
    order = rng.permutation(len(closeups.targets))
    for start in range(0, len(order) - size + 1, size):
        chosen = np.sort(order[start : start + size])
        yield varied(closeups.pixels(chosen), closeups.targets[chosen], rng)


def train(
    closeups: Closeups,
    out: Path,
    *,
    epochs: int,
    start: Path | None = None,
    size: int = 128,
    rate: float = 1.5e-3,
    seed: int = 1,
) -> Any:
    """Trains for so many epochs, checkpoint after each in `out`; goes on from one that is there. Returns the model.

    Args:
        closeups: what to learn from.
        out: folder of the checkpoints; the network alone is left in its folder `NETWORK`.
        epochs: how often each close-up is shown.
        start: folder of an earlier training, or of its network alone, to start from.
        size: close-ups a step.
        rate: first learning rate; it falls to 0 along a cosine.
        seed: of the first weights and of the order.

    Raises:
        MissingError: `start` holds no trained network.
        ConverterError: there are too few close-ups, or a checkpoint is of another network.
    """
    tf.keras.utils.set_random_seed(seed)
    model = trained(start) if start else build()
    steps = len(closeups.targets) // size
    if steps == 0:
        raise ConverterError(
            f"{len(closeups.targets)} close-ups are fewer than one step of {size}", "harvest more scenes"
        )
    schedule = tf.keras.optimizers.schedules.CosineDecay(rate, epochs * steps)
    optimizer = tf.keras.optimizers.Adam(schedule)
    done = tf.Variable(0, dtype=tf.int64)
    checkpoint = tf.train.Checkpoint(model=model, optimizer=optimizer, epochs=done)
    manager = tf.train.CheckpointManager(checkpoint, str(out), max_to_keep=2)
    if manager.latest_checkpoint:
        _restore(checkpoint, manager.latest_checkpoint)
        sys.stderr.write(f"going on after epoch {int(done)}\n")

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def step(images: Any, targets: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            logit, edges = model(images, training=True)
            cross, of_plates = losses(targets, logit, edges)
            total = cross + EDGES_WEIGHT * of_plates + tf.add_n(model.losses)
        gradients = tape.gradient(total, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return cross, of_plates

    for epoch in range(int(done), epochs):
        sums = np.zeros(2)
        made = batches(closeups, size, np.random.default_rng((seed, epoch)))
        shapes = (tf.TensorSpec((size, HEIGHT, WIDTH, 3)), tf.TensorSpec((size, 5)))
        ahead = tf.data.Dataset.from_generator(lambda made=made: made, output_signature=shapes).prefetch(4)
        with Progress(f"epoch {epoch + 1} of {epochs}", steps) as progress:
            for number, (images, targets) in enumerate(ahead, start=1):
                sums += [float(loss) for loss in step(images, targets)]
                cross, of_plates = sums / number
                progress.step(f"plate or not {cross:.4f}, edges {of_plates:.4f}")
        done.assign(epoch + 1)
        manager.save()
    tf.train.CheckpointManager(tf.train.Checkpoint(model=model), str(out / NETWORK), max_to_keep=1).save()
    return model


def trained(folder: Path) -> Any:
    """The newest network that `train` left in the folder.

    Raises:
        MissingError: there is none.
        ConverterError: it is of another network.
    """
    latest = tf.train.latest_checkpoint(str(folder))
    if latest is None:
        raise MissingError(f"{folder} holds no trained refiner", "run `autovelox-convert refiner train` first")
    model = build()
    _restore(tf.train.Checkpoint(model=model), latest).expect_partial()
    return model


def _restore(checkpoint: Any, latest: str) -> Any:
    """Restores the checkpoint that the file *latest* holds; returns its status.

    Raises:
        ConverterError: the file is of another network than this program's.
    """
    try:
        return checkpoint.restore(latest)
    except ValueError:
        raise NetworkError(f"{latest} is of another network than this refiner", "train in a new folder") from None


def samples(closeups: Closeups, count: int, seed: int) -> Sequence[NDArray[np.uint8]]:
    """Close-ups for the quantization's ranges."""
    chosen = np.random.default_rng(seed).permutation(len(closeups.targets))[:count]
    return list(closeups.pixels(np.sort(chosen)))
