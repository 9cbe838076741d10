"""What the strip network sees: drawn left ends of plates through a simulated camera."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from converter.synth import FontShelf
from converter.synth.strip_designs import STRIP_DESIGNS
from converter.synth.strips import AROUND, PlateEnd, draw_end
from edge.identify.strips import NO_STRIP
from edge.vision.strip import SIDE, STRIP_SHARE, to_strip

Pixels = NDArray[np.uint8]
CLASSES = (*sorted(STRIP_DESIGNS), NO_STRIP)
"""The network's outputs in their order."""
BARE_SHARE = 0.14
"""Share of plates without a strip."""
_OFTEN = 2.0
"""How often the strip of a country of the European Union, or of Great Britain, is drawn beside 1 for another."""
_UNION = (
    *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU", "IE", "IT", "LT", "LU"),
    *("LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
)
_WEIGHTS = [_OFTEN if code in _UNION else 1.0 for code in sorted(STRIP_DESIGNS)]
PRIORS = (*((1 - BARE_SHARE) * weight / sum(_WEIGHTS) for weight in _WEIGHTS), BARE_SHARE)
"""How often each class is drawn."""
_RENEW = 8
"""Views of each drawn plate: a view costs less than a drawing."""
_POOL = 8192
"""Views that are kept: half of each batch was seen before."""


def view(end: PlateEnd, rng: random.Random) -> Pixels:
    """Return the network's picture (SIDE, SIDE, 3) of *end*, as a camera and a detector's box show it."""
    loose = rng.choice((0.03, 0.06, 0.06, 0.14))
    left, right = rng.uniform(-0.5, 1.2) * loose, rng.uniform(-0.5, 1.2) * loose
    top, bottom = (rng.uniform(-0.5, 1.6) * 1.6 * loose for _ in range(2))
    x0, x1 = AROUND - left * end.width, AROUND + (1 + right) * end.width
    xr = x0 + STRIP_SHARE * (x1 - x0)
    y0, y1 = AROUND - top * end.height, AROUND + (1 + bottom) * end.height
    corners = np.array([(x0, y0), (xr, y0), (xr, y1), (x0, y1)])
    tilt = rng.choice((0.7, 1.5, 1.5, 4.0, 8.0))
    angle, lean, rise = (math.radians(rng.gauss(0, spread)) for spread in (tilt, 5.0, tilt * 0.8))
    turn = np.array([(math.cos(angle), -math.sin(angle)), (math.sin(angle), math.cos(angle))])
    shear = np.array([(1, math.tan(lean)), (math.tan(rise), 1)])
    centre = np.array([(x0 + xr) / 2, (y0 + y1) / 2])
    seen = (corners - centre) @ (turn @ shear).T + centre
    seen += np.random.default_rng(rng.getrandbits(32)).normal(0, 0.9, seen.shape)
    wide = math.exp(rng.uniform(math.log(70), math.log(420))) * STRIP_SHARE
    fine = 96
    high = wide / STRIP_SHARE * (y1 - y0) / (x1 - x0)
    target = np.array([(0, 0), (fine, 0), (fine, fine), (0, fine)], np.float32)
    matrix = cv2.getPerspectiveTransform(seen.astype(np.float32), target)
    picture = cv2.warpPerspective(end.picture, matrix, (fine, fine), flags=cv2.INTER_LINEAR,
                                  borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
    size = max(6, round(min(wide, fine))), max(8, round(min(high, fine)))
    small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    return to_strip(photographed(small, rng), whole=True)


def photographed(picture: Pixels, rng: random.Random) -> Pixels:
    """Return the small *picture* (H, W, 3) in random light, blurred, noisy, compressed; one in four grey."""
    noise = np.random.default_rng(rng.getrandbits(32))
    light: NDArray[Any] = picture.astype(np.float32)
    if rng.random() < 0.25:
        weights = np.array([0.299, 0.587, 0.114]) if rng.random() < 0.7 else noise.dirichlet((3, 3, 3))
        light = np.repeat((light @ weights.astype(np.float32))[..., None], 3, axis=2)
    elif rng.random() < 0.7:
        spread = 0.1 if rng.random() < 0.8 else 0.4  # a camera's cast, now and then a strong one
        light *= np.exp(noise.normal(0, spread, 3)).astype(np.float32)
        if rng.random() < 0.4:  # little colour, or much
            grey = light.mean(axis=2, keepdims=True)
            light = grey + (light - grey) * rng.uniform(0.2, 1.4)
    light = 255 * np.clip(light / 255, 0, 1) ** np.float32(rng.uniform(0.55, 1.8))
    rows, columns = light.shape[:2]
    if rng.random() < 0.35:
        along = np.linspace(-1, 1, rows)[:, None, None] if rng.random() < 0.5 else np.linspace(-1, 1, columns)[:, None]
        light *= (1 + rng.uniform(-0.5, 0.5) * along).astype(np.float32)
    light = light * rng.uniform(0.25, 1.1) + rng.uniform(-10, 60)
    if rng.random() < 0.45:
        light = cv2.GaussianBlur(light, (0, 0), rng.uniform(0.2, 0.75) * max(rows, 16) / 26)
    if rng.random() < 0.1:
        light = cv2.blur(light, (rng.randint(1, max(1, columns // 6)), rng.randint(1, max(1, rows // 12))))
    if rng.random() < 0.2:
        light = light + (light - cv2.GaussianBlur(light, (0, 0), 1.0)) * rng.uniform(0.4, 1.5)
    if rng.random() < 0.7:
        light = light + noise.normal(0, max(0.5, float(light.std()) * rng.uniform(0.02, 0.12)), light.shape)
    small = np.clip(light, 0, 255).astype(np.uint8)
    if rng.random() < 0.6:
        encoded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, round(rng.uniform(40, 97))])[1]
        small = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
    return small


def batches(shelf: FontShelf, size: int, seed: int) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.int64]]]:
    """Yield pictures (size, SIDE, SIDE, 3) and their classes (size,) without end; reproducible by *seed*."""
    cv2.setNumThreads(1)
    rng = random.Random(seed)  # noqa: S311
    ends = [draw_end(code, shelf, rng) for code in rng.choices(CLASSES, PRIORS, k=size)]
    seen = np.empty((_POOL, SIDE, SIDE, 3), np.uint8)
    known = np.empty(_POOL, np.int64)
    count = 0
    half = size // 2
    while True:
        ends += [draw_end(code, shelf, rng) for code in rng.choices(CLASSES, PRIORS, k=math.ceil(half / _RENEW))]
        ends = ends[-32 * size :]
        chosen = []
        for end in rng.choices(ends, k=half):
            place = count % _POOL
            seen[place], known[place] = view(end, rng), CLASSES.index(end.country)
            chosen.append(place)
            count += 1
        chosen += [rng.randrange(min(count, _POOL)) for _ in range(size - half)]
        yield seen[chosen], known[chosen]
