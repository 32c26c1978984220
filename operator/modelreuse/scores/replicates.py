"""How sure a distance is, and how large it is where nothing moved.

Two halves of one data set lie apart too: that distance, averaged over SPLITS into halves and scaled to the sizes at
hand, is the null, and is subtracted. The standard error is the delete-one-group jackknife over the 20 parts into which
`keys` divides both data sets (Efron 1982, The Jackknife, the Bootstrap and Other Resampling Plans, eq. 3.13, grouped):
parts are left out of both at once, which adds the variances of two independent data sets. It must not know any
particular distance.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from modelreuse.scores.keys import GROUPS

MINIMUM_SAMPLES: Final = 20
"""Fewer samples than this on either side tell nothing about a distance."""
SPLITS: Final = 8


def _splits() -> Tensor:
    random = np.random.default_rng(20)
    splits = np.zeros((SPLITS, 2, GROUPS))
    for split in splits:
        first = random.permutation(GROUPS)[: GROUPS // 2]
        split[0, first] = 1
        split[1] = 1 - split[0]
    return torch.from_numpy(splits)


HALVES: Final = _splits()
"""(SPLITS, 2, GROUPS): ones where a part belongs to a half; every half has as many parts as the other."""
LEFT_OUT: Final = 1 - torch.eye(GROUPS, dtype=torch.float64)
"""(GROUPS, GROUPS): row g is all parts but g."""


def noise_ratio(reference: float, new: float) -> float:
    """How much larger the squared distance between samples of these sizes is than between the reference's halves.

    Of two samples of one distribution a squared distance between means (or of densities) is proportional to
    1/m + 1/n; take the square root for a distance.
    """
    return (1 / reference + 1 / new) / (4 / reference)


def known(figures: Iterable[float | None]) -> list[float]:
    """Those that could be computed."""
    return [figure for figure in figures if figure is not None]


def jackknife_error(left_out: Sequence[float]) -> float | None:
    """Standard error of a figure from its values with each part left out; None from fewer than 2 parts."""
    parts = len(left_out)
    if parts < 2:
        return None
    mean = sum(left_out) / parts
    return math.sqrt((parts - 1) / parts * sum((value - mean) ** 2 for value in left_out))


@dataclass(frozen=True)
class Distance:
    """A distance as it comes (raw), where nothing moved (null), and its standard error; None where unknown."""

    raw: float
    null: float | None = None
    error: float | None = None

    @property
    def value(self) -> float:
        """Without the null; below 0 where the data sets are closer than the reference's halves are."""
        return self.raw - (self.null or 0.0)

    def details(self) -> Mapping[str, float]:
        """The parts that are known, by name."""
        figures = {"raw": self.raw, "null": self.null, "standard_error": self.error}
        return {name: figure for name, figure in figures.items() if figure is not None}

    @staticmethod
    def of(raw: float, halves: Sequence[float], ratio: float, left_out: Sequence[float]) -> Distance:
        """From distances of the reference's halves, and the factor that scales them to the sizes at hand."""
        null = ratio * sum(halves) / len(halves) if halves else None
        return Distance(raw, null, jackknife_error(left_out))


def mean_distance(distances: Sequence[tuple[float, float | None, Sequence[float]]]) -> Distance:
    """The mean of several distances on the same samples, each (raw, scaled null, values with each part left out)."""
    count = len(distances)
    nulls = [null for _, null, _ in distances if null is not None]
    parts = min(len(left_out) for *_, left_out in distances)
    return Distance(
        sum(raw for raw, *_ in distances) / count,
        sum(nulls) / count if len(nulls) == count else None,
        jackknife_error([sum(left_out[part] for *_, left_out in distances) / count for part in range(parts)]),
    )
