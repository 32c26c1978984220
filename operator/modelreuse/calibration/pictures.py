"""What can happen to pictures: functions of pixels in [0, 1], a strength and randomness; and which arrays are pictures.

Pixels are (n, channels, height, width); 0 is the darkest value of the data and 1 the brightest, and what is seen stays
between them, as a camera's output does. Lengths are shares of a side. What is the same for a whole site (a direction,
dead columns) is drawn once, noise for every pixel.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Pixels = NDArray[np.float32]
Sight = Callable[[Pixels, float, Generator], Pixels]
"""From pixels, a strength and randomness to what is seen instead, of the same shape."""

LEAST_SIDE = 8
MOST_OBLONG = 4
"""Arrays with shorter sides, or with one so many times the other, are rather series or tables."""
LEAST_BLUR = 0.4
"""Pixels; a narrower Gaussian changes nothing."""
_HOT = 3
"""Of so many dead columns one is bright."""


def noise(pixels: Pixels, deviation: float, random: Generator) -> Pixels:
    """Too little light."""
    return _visible(pixels + deviation * random.standard_normal(pixels.shape, dtype=np.float32))


def blur(pixels: Pixels, width: float, random: Generator) -> Pixels:
    """A lens out of focus: a Gaussian of that standard deviation, a share of the side."""
    del random
    rows, columns = (_smoothing(side, max(width * side, LEAST_BLUR)) for side in pixels.shape[2:])
    return _visible(rows @ pixels @ columns.T)


def gain(pixels: Pixels, lost: float, random: Generator) -> Pixels:
    """A sensor that has lost that share of its gain."""
    del random
    return _visible(pixels * np.float32(1 - lost))


def offset(pixels: Pixels, added: float, random: Generator) -> Pixels:
    """Stray light."""
    del random
    return _visible(pixels + np.float32(added))


def occlusion(pixels: Pixels, side: float, random: Generator) -> Pixels:
    """A dark rectangle on each picture, somewhere inside, of that share of its sides."""
    n, _, height, width = pixels.shape
    tall, wide = max(1, round(side * height)), max(1, round(side * width))
    top = random.integers(0, height - tall + 1, (n, 1, 1, 1))
    left = random.integers(0, width - wide + 1, (n, 1, 1, 1))
    row, column = np.arange(height)[:, None], np.arange(width)[None, :]
    covered = (row >= top) & (row < top + tall) & (column >= left) & (column < left + wide)
    return np.where(covered, np.float32(0), pixels)


def dead_columns(pixels: Pixels, share: float, random: Generator) -> Pixels:
    """That share of the sensor's columns is dark, or bright."""
    width = pixels.shape[3]
    columns = random.permutation(width)[: max(1, round(share * width))]
    seen = pixels.copy()
    seen[..., columns] = 0
    seen[..., columns[::_HOT]] = 1
    return seen


def translation(pixels: Pixels, distance: float, random: Generator) -> Pixels:
    """A camera that slipped by that share of a side, up, down, left or right; what comes into view is dark."""
    axis, forwards = 2 + int(random.integers(2)), bool(random.integers(2))
    side = pixels.shape[axis]
    by = max(1, round(distance * side))
    there, here = (slice(by, side), slice(0, side - by)) if forwards else (slice(0, side - by), slice(by, side))
    seen = np.zeros_like(pixels)
    around = (slice(None),) * axis
    seen[(*around, there)] = pixels[(*around, here)]
    return seen


def are_pictures(values: NDArray[Any]) -> bool:
    """Whether (n, height, width), or with a short axis of channels first or last; floating point, or 8 or 16 bits."""
    if values.ndim not in (3, 4) or not (values.dtype.kind == "f" or values.dtype in (np.uint8, np.uint16)):
        return False
    height, width = (int(side) for side in _planes(values).shape[2:])
    short, long = sorted((height, width))
    return short >= LEAST_SIDE and long <= MOST_OBLONG * short


def through(sight: Sight, values: NDArray[Any], strength: float, random: Generator) -> NDArray[Any]:
    """Pictures as they are stored, seen like this: shape and type stay, and the range of the values."""
    planes = _planes(values).astype(np.float32)
    dark, bright = float(planes.min()), float(planes.max())
    seen = sight((planes - dark) / ((bright - dark) or 1), strength, random) * (bright - dark) + dark
    if values.dtype.kind != "f":
        seen = np.rint(seen)
    return _stored(seen.astype(values.dtype).clip(values.min(), values.max()), like=values)


def _planes(values: NDArray[Any]) -> NDArray[Any]:
    """(n, channels, height, width)."""
    if values.ndim == 3:
        return values[:, None]
    return np.moveaxis(values, 3, 1) if _channels_last(values) else values


def _stored(planes: NDArray[Any], like: NDArray[Any]) -> NDArray[Any]:
    if like.ndim == 3:
        return planes[:, 0]
    return np.ascontiguousarray(np.moveaxis(planes, 1, 3)) if _channels_last(like) else planes


def _channels_last(values: NDArray[Any]) -> bool:
    return bool(values.shape[3] < values.shape[1])


def _smoothing(side: int, deviation: float) -> Pixels:
    """(side, side) weights of every pixel's neighbours; they add up to 1 at the edges too."""
    away = np.subtract.outer(np.arange(side), np.arange(side)) / deviation
    weights = np.exp(-(away**2) / 2)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)


def _visible(pixels: NDArray[Any]) -> Pixels:
    return np.asarray(pixels.clip(0, 1), dtype=np.float32)
