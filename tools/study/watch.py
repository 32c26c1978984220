"""The data set that is no image: movements of a smartwatch during seven shoulder exercises.

Recorded by Burns et al. 2018 (arXiv 1802.01489), 20 people, accelerometer and gyroscope at 50 Hz; shipped inside the
PyPI package seglearn 1.2.5 under BSD-3-Clause. The file is a pickle, so its hash is compared before it is opened; the
package itself is not imported.
"""

import hashlib
import importlib.util
import io
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

CLASSES: Final = 7
WINDOW: Final = 64
"""Samples in a window: 1.28 s, about one movement. Windows do not overlap."""
AXES: Final = 3
_SHA256: Final = "eb122f23cdf06ef6bd6c6c5312958ec5cf9d038e2e6d457b8081662c75a42537"


def windows() -> tuple[Tensor, Tensor]:
    """(n, 6, 1, 64) float32 movements and (n,) int64 exercises, in the order of the recordings.

    Acceleration is in units of 1 g, rotation in units of 2 rad/s, which makes both about 1 in size and leaves the axes
    of each sensor comparable, so that turning the watch stays a rotation.
    """
    content = _file().read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != _SHA256:
        raise ValueError(f"watch_dataset.npy of seglearn has SHA-256 {digest}, expected {_SHA256}; install 1.2.5")
    recordings = np.load(io.BytesIO(content), allow_pickle=True).item()
    parts, labels = [], []
    for movement, exercise in zip(recordings["X"], recordings["y"], strict=True):
        count = len(movement) // WINDOW
        parts.append(movement[: count * WINDOW].reshape(count, WINDOW, 2 * AXES))
        labels.append(np.full(count, exercise))
    scale = np.array([1.0] * AXES + [2.0] * AXES)
    inputs = (np.concatenate(parts) / scale).transpose(0, 2, 1)[:, :, None, :]
    return torch.from_numpy(inputs.astype(np.float32)), torch.from_numpy(np.concatenate(labels).astype(np.int64))


def _file() -> Path:
    package = importlib.util.find_spec("seglearn")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("seglearn is not installed; `make setup` installs it")
    return Path(package.origin).parent / "data" / "watch_dataset.npy"
