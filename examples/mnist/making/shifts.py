"""What can happen to a camera. `faulty_sensor` is the demo's; the others happened earlier, on other lines.

Each takes uint8 images (n, 28, 28) and returns images of the same shape.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Pictures = NDArray[np.uint8]
Shift = Callable[[Pictures, Generator], Pictures]

_DEAD_COLUMNS = (6, 10, 13, 17, 20)
_HOT_COLUMN = 14


def faulty_sensor(images: Pictures, random: Generator) -> Pictures:
    """A camera that fails: dead columns, a hot one, gain that fades downwards, dark current, noise, defocus."""
    fading = 1 - 0.65 * np.linspace(0, 1, 28)[None, :, None]
    seen = _out_of_focus(images.astype(np.float64), passes=2) * fading
    seen = seen + 20 + random.normal(0, 20, images.shape)
    seen[:, :, list(_DEAD_COLUMNS)] = 0
    seen[:, :, _HOT_COLUMN] = 255
    return _in_8_bits(seen)


def noise(sigma: float) -> Shift:
    """Too little light: Gaussian noise, `sigma` of 255."""
    return lambda images, random: _in_8_bits(images + random.normal(0, sigma, images.shape))


def defocus(passes: int) -> Shift:
    """A lens out of focus."""
    return lambda images, _: _in_8_bits(_out_of_focus(images.astype(np.float64), passes))


def stray_light(offset: float) -> Shift:
    """Light from elsewhere: less contrast, and `offset` of 255 everywhere."""
    return lambda images, _: _in_8_bits(0.7 * images + offset)


def misplaced(down: int, left: int) -> Shift:
    """A camera that slipped by so many pixels."""
    return lambda images, _: np.roll(images, (down, -left), axis=(1, 2))


def turned(degrees: float) -> Shift:
    """A camera that turned."""
    return lambda images, _: _rotated(images, np.deg2rad(degrees))


def dust(side: int) -> Shift:
    """A grain on the glass, somewhere else in each image: a black square of so many pixels."""

    def covered(images: Pictures, random: Generator) -> Pictures:
        seen = images.copy()
        for image in seen:
            row, column = random.integers(4, 25 - side, 2)
            image[row : row + side, column : column + side] = 0
        return seen

    return covered


def bad_pixels(share: float) -> Shift:
    """Pixels that are stuck, black or white, elsewhere in each image."""

    def stuck(images: Pictures, random: Generator) -> Pictures:
        chance = random.random(images.shape)
        seen = images.copy()
        seen[chance < share / 2] = 255
        seen[chance > 1 - share / 2] = 0
        return seen

    return stuck


def both(first: Shift, second: Shift) -> Shift:
    """Troubles seldom come alone."""
    return lambda images, random: second(first(images, random), random)


def _in_8_bits(values: NDArray[np.floating[Any]]) -> Pictures:
    clipped: Pictures = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return clipped


def _out_of_focus(images: NDArray[np.float64], passes: int) -> NDArray[np.float64]:
    """Repeated 3x3 binomial smoothing; outside the image it is dark."""
    for _ in range(passes):
        for axis in (1, 2):
            before, after = np.roll(images, 1, axis), np.roll(images, -1, axis)
            images = (before + 2 * images + after) / 4
    return images


def _rotated(images: Pictures, angle: float) -> Pictures:
    centre = np.arange(28) - 13.5
    y, x = np.meshgrid(centre, centre, indexing="ij")
    rows = np.rint(np.cos(angle) * y + np.sin(angle) * x + 13.5).astype(int)
    columns = np.rint(np.cos(angle) * x - np.sin(angle) * y + 13.5).astype(int)
    inside = (rows >= 0) & (rows < 28) & (columns >= 0) & (columns < 28)
    turned: Pictures = (images[:, rows.clip(0, 27), columns.clip(0, 27)] * inside).astype(np.uint8)
    return turned
