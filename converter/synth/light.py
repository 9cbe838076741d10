"""Light, lens and compression: what the same scene looks like at night, through a cheap camera, on a wet evening."""

from __future__ import annotations

import math
import random

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

JPEG_QUALITIES = (95, 90, 80, 65, 50, 35)
"""Qualities at which scenes are compressed, each as likely as the others."""


def grey_world(image: Pixels, strength: float) -> Pixels:
    """Take the colour cast out of *image* (grey-world assumption); *strength* 1 takes all of it."""
    means = image.reshape(-1, 3).mean(axis=0) + 1.0
    gain = (means.mean() / means) ** strength
    return np.asarray(np.clip(image * gain, 0, 255), np.uint8)


def night(image: Pixels, rng: random.Random) -> Pixels:
    """Return *image* underexposed, with up to two headlights that glare."""
    dark = (image.astype(np.float32) / 255.0) ** rng.uniform(1.4, 2.4) * rng.uniform(0.35, 0.9)
    height, width = image.shape[:2]
    for _ in range(rng.choice((0, 0, 1, 2))):
        glare = np.zeros((height, width), np.float32)
        centre = (rng.randrange(width), rng.randrange(height))
        cv2.circle(glare, centre, rng.randint(3, max(4, width // 24)), (1.0,), -1)
        glare = np.asarray(cv2.GaussianBlur(glare, (0, 0), rng.uniform(4, width / 24)), np.float32)
        dark += glare[..., None] * np.array([1.0, rng.uniform(0.5, 1), rng.uniform(0.4, 1)], np.float32)
    return np.asarray(np.clip(dark * 255, 0, 255), np.uint8)


def motion_blur(image: Pixels, length: int, degrees: float) -> Pixels:
    """Return *image* smeared by *length* pixels in the direction *degrees*."""
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1.0
    turn = cv2.getRotationMatrix2D(((length - 1) / 2, (length - 1) / 2), degrees, 1.0)
    kernel = np.asarray(cv2.warpAffine(kernel, turn, (length, length)), np.float32)
    return np.asarray(cv2.filter2D(image, -1, kernel / max(float(kernel.sum()), 1e-6)), np.uint8)


def lamp(image: Pixels, box: tuple[float, float, float, float], rng: random.Random) -> Pixels:
    """Return *image* (H, W, 3) with a coloured lamp on *box* (x1, y1, x2, y2) and a little around it."""
    x1, y1, x2, y2 = box
    grow, soft = rng.uniform(0.0, 0.5) * (y2 - y1), max((y2 - y1) * rng.uniform(0.1, 0.5), 0.5)
    far = grow + 3 * soft
    left, top = max(math.floor(x1 - far), 0), max(math.floor(y1 - far), 0)
    spot = image[top : math.ceil(y2 + far), left : math.ceil(x2 + far)]
    reach = np.zeros(spot.shape[:2], np.float32)
    first = (round(x1 - grow) - left, round(y1 - grow) - top)
    cv2.rectangle(reach, first, (round(x2 + grow) - left, round(y2 + grow) - top), (1.0,), -1)
    reach = np.asarray(cv2.GaussianBlur(reach, (0, 0), soft), np.float32)
    colour = np.array([rng.uniform(0.05, 1.0) for _ in range(3)], np.float32)
    colour /= np.max(colour)
    lit = spot * (0.25 + 0.75 * colour) + rng.uniform(0, 90) * colour
    shown = (reach * rng.uniform(0.5, 1.0))[..., None]
    image = image.copy()
    image[top : top + spot.shape[0], left : left + spot.shape[1]] = np.clip(spot * (1 - shown) + lit * shown, 0, 255)
    return image


def relight(image: Pixels, rng: random.Random) -> Pixels:
    """Return *image* (H, W, 3) RGB in random light, blur and noise.

    A third of the photos keep their light: most photos are taken by day, and the easy ones must not become rare.
    """
    if rng.random() < 0.35:
        image = grey_world(image, rng.uniform(0.5, 1.0))
    if rng.random() < 0.33:
        return image
    if rng.random() < 0.12:
        image = night(image, rng)
    values = image.astype(np.float32)
    if rng.random() < 0.6:
        values = 255.0 * (values / 255.0) ** rng.uniform(0.7, 1.4)
        values = (values - 128.0) * rng.uniform(0.7, 1.2) + 128.0 + rng.uniform(-25, 25)
    if rng.random() < 0.3:
        values *= np.array([rng.uniform(0.82, 1.18) for _ in range(3)], np.float32)
    if rng.random() < 0.12:
        values[:] = values.mean(axis=2, keepdims=True)
    if rng.random() < 0.3:
        seed = rng.getrandbits(32)
        values += np.random.default_rng(seed).normal(0, rng.uniform(2, 14), values.shape).astype(np.float32)
    image = np.clip(values, 0, 255).astype(np.uint8)
    chance = rng.random()
    if chance < 0.1:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 1.3)), np.uint8)
    elif chance < 0.18:
        image = motion_blur(image, rng.randint(3, 6), rng.uniform(-30, 30))
    elif chance < 0.3:
        shrink = rng.uniform(0.5, 0.85)
        small = cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        image = np.asarray(cv2.resize(small, image.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.uint8)
    return image


def compressed(image: Pixels, quality: int) -> Pixels:
    """Return the image (H, W, 3) RGB after JPEG compression of this quality (0 to 100)."""
    _, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)[..., ::-1]
