"""The design: which of the 46,656 possible settings are run.

Factors: shift (18), variant (8), severity (4), and with 3 levels each data set, seed, target and number of samples. The
864 settings form an orthogonal array of strength two: for every pair of factors every pair of levels occurs equally
often. It is the product of two smaller arrays, one over GF(2), one over GF(3), with 18 = 2 x 9:

- 32 rows (a, b, c, d, e) over GF(2). Variant is (a, b, c), severity is (d, e), and the half of the shift is
  u.(a, b, c) + w.(d, e) + t with u and w not zero, so it is balanced within every variant and within every severity.
- 27 rows (x, y, z) over GF(3). The pair of shifts is (x, y); each factor of three levels is z + p x + q y + r, another
  (p, q) for each of the four, so it is balanced within every pair of shifts and within every other such factor.

u, w, t are drawn anew for each of the nine pairs of shifts, and p, q, r for each of the 32 rows: balance holds within
each, and no factor is confounded with an interaction of the same two others throughout. All three arms are run at every
setting, as a decision between them needs.

On top, REPEATED settings are run a second time with the same model and the same data, but other batches (and, from
scratch, other weights): what differs then nothing can predict that is known before.
"""

import functools
import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np

from study.datasets import SOURCES
from study.seeds import numpy_random
from study.shifts import SEVERITIES, SHIFTS
from study.variants import VARIANTS

SEEDS: Final = 3
TARGETS: Final = (0.80, 0.88, 0.95)
"""Targets as shares of the quality on the reference."""
SAMPLE_LEVELS: Final = 3
REPEATED: Final = 108


class Arm(StrEnum):
    """A way to adapt, named as the API names its actions."""

    FINE_TUNE = "FineTune"
    RETRAIN = "Retrain"
    FROM_SCRATCH = "TrainFromScratch"


@dataclass(frozen=True, order=True)
class Setting:
    """What is adapted to what.

    target: share of the quality on the reference. sample_level: how many samples, by the data set's levels. repeat: 1
    for the second time, 0 else.
    """

    data_set: str
    variant: str
    shift: str
    severity: int
    seed: int
    target: float
    sample_level: int
    repeat: int = 0

    @property
    def name(self) -> str:
        """What is known before the retraining; a repeated setting has the name of the first.

        Target and number of samples need not be in it: the design has no two settings that differ in these alone.
        """
        return f"{self.data_set}/{self.variant}/{self.shift}/{self.severity}/{self.seed}"

    def run(self, arm: Arm) -> str:
        """The name of one of its retrainings, unique in the design."""
        return f"{self.name}/{arm}/{self.repeat}"


@functools.cache
def main_design() -> tuple[Setting, ...]:
    """The orthogonal array, 864 settings."""
    random = numpy_random("design")
    data_sets, variants, shifts = list(SOURCES), list(VARIANTS), list(SHIFTS)
    halves = [_half_of_shift(random) for _ in range(9)]
    made = []
    for bits in itertools.product(range(2), repeat=5):
        slopes = [divmod(int(number), 3) for number in random.permutation(9)[:4]]
        offsets = random.integers(0, 3, size=4)
        variant, severity = variants[4 * bits[0] + 2 * bits[1] + bits[2]], 2 * bits[3] + bits[4]
        for x, y, z in itertools.product(range(3), repeat=3):
            pair = 3 * x + y
            forms, constant = halves[pair]
            half = (sum(form * bit for form, bit in zip(forms, bits, strict=True)) + constant) % 2
            levels = [int(z + p * x + q * y + r) % 3 for (p, q), r in zip(slopes, offsets, strict=True)]
            made.append(
                Setting(
                    data_set=data_sets[levels[0]],
                    variant=variant,
                    shift=shifts[2 * pair + half],
                    severity=severity,
                    seed=levels[1],
                    target=TARGETS[levels[2]],
                    sample_level=levels[3],
                )
            )
    return tuple(made)


@functools.cache
def repeated() -> tuple[Setting, ...]:
    """Settings of the main design for the second time: six per shift, spread evenly over the other factors."""
    random = numpy_random("repeated")
    per_shift = REPEATED // len(SHIFTS)
    chosen: list[Setting] = []
    counts: Counter[tuple[str, object]] = Counter()
    for shift in SHIFTS:
        options = [setting for setting in main_design() if setting.shift == shift]
        for _ in range(per_shift):
            ranks = random.permutation(len(options))
            best = min(
                range(len(options)),
                key=lambda index: (
                    sum((counts[level] + 1) * weight for level, weight in _levels(options[index])),
                    ranks[index],
                ),
            )
            picked = options.pop(best)
            counts.update(level for level, _ in _levels(picked))
            chosen.append(picked)
    return tuple(replace(setting, repeat=1) for setting in chosen)


def settings() -> tuple[Setting, ...]:
    """All settings, shuffled, so that any first part of them is nearly balanced too."""
    whole = [*main_design(), *repeated()]
    return tuple(whole[index] for index in numpy_random("order").permutation(len(whole)))


def slice_of(whole: Sequence[Setting], number: int, count: int) -> list[Setting]:
    """Every `count`-th setting, from the `number`-th on (1 is the first). Raises ValueError for an impossible slice."""
    if not 1 <= number <= count:
        raise ValueError(f"slice {number}/{count}: the first number lies between 1 and the second")
    return list(whole[number - 1 :: count])


def _half_of_shift(random: np.random.Generator) -> tuple[tuple[int, ...], int]:
    """Coefficients of the five bits, neither the first three nor the last two all zero, and a constant."""
    first, second = int(random.integers(1, 8)), int(random.integers(1, SEVERITIES))
    forms = (first >> 2 & 1, first >> 1 & 1, first & 1, second >> 1 & 1, second & 1)
    return forms, int(random.integers(0, 2))


def _levels(setting: Setting) -> list[tuple[tuple[str, object], float]]:
    """What repeated settings are spread over; the weights make factors of many levels count as much as others."""
    return [
        (("data set", setting.data_set), 3.0),
        (("variant", setting.variant), 8.0),
        (("severity", setting.severity), 4.0),
        (("seed", setting.seed), 3.0),
        (("target", setting.target), 3.0),
        (("samples", setting.sample_level), 3.0),
    ]
