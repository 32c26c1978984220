"""Student's t with four degrees of freedom: tails for the odd run, and closed forms, so numpy is enough."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
"""Of whatever shape; functions keep it."""
Mask = NDArray[np.bool_]
VARIANCE = 2.0
"""Of the standard distribution."""


def density(t: Array) -> Array:
    """Of the standard distribution."""
    found: Array = 0.375 * (1 + t * t / 4) ** -2.5
    return found


def below(t: Array) -> Array:
    """P(T <= t), exact in both tails: (1 + s)^2 (2 - s) / 4 with s = t / sqrt(4 + t^2). Infinities are allowed."""
    finite = np.clip(t, -1e100, 1e100)
    length = np.hypot(2.0, finite)
    # 1 - |s|, without cancellation where |s| is nearly 1.
    rest = 4 / (length * (length + np.abs(finite)))
    one_plus = np.where(finite < 0, rest, 2 - rest)
    found: Array = one_plus**2 * (3 - one_plus) / 4
    return found


def quantile(p: Any) -> Array:
    """The t with P(T <= t) = p; infinite at 0 and 1. Shaw 2006, Sampling Student's T, section 3 (n = 4)."""
    p = np.asarray(p, dtype=np.float64)
    spread = np.sqrt(np.clip(4 * p * (1 - p), 0.0, 1.0))
    with np.errstate(divide="ignore"):
        size = 2 * np.sqrt(np.maximum(np.cos(np.arccos(spread) / 3) / spread - 1, 0.0))
    found: Array = np.where(p < 0.5, -size, size)
    return found
