"""How much a result rests on: tiers of evidence, and what a labelled audit would settle.

Without labels nothing can tell a harmless shift from labels that changed their meaning, so a tier stands beside every
result. It must not know what is decided on a tier.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from modelreuse.scores.census import DataSummary

AUDIT: Final = 50
"""Labelled new samples that make an audit."""
FULL: Final = 200
"""More labelled samples than this are more than an audit, where nearly all samples are labelled."""
_NEARLY_ALL: Final = 0.95
_Z: Final = 1.959964
"""Of a 95 % interval."""


class Evidence(StrEnum):
    """From what a result was drawn."""

    NO_LABELS = "L0"
    AUDIT = "L1"
    FULL_LABELS = "L2"
    PILOT = "L3"

    @property
    def means(self) -> str:
        """One sentence for a reader."""
        return _MEANS[self]


_MEANS: Final = {
    Evidence.NO_LABELS: "no labels on the new data: errors are guessed from confidence, changed labels are invisible",
    Evidence.AUDIT: "a labelled audit: the error is known within an interval, what follows from labels roughly",
    Evidence.FULL_LABELS: "labels on the new data: error and separability are measured",
    Evidence.PILOT: "labels and a pilot of a few training steps: how fast the model learns the new data was seen",
}


def evidence_of(new: DataSummary, *, pilot: bool = False) -> Evidence:
    """The tier of results on these new data.

    Fewer than AUDIT labels are none; labels on nearly all samples, or more than FULL, are full labels. pilot: whether
    an approved pilot of a few training steps was run.
    """
    if new.labelled < AUDIT:
        return Evidence.NO_LABELS
    if pilot:
        return Evidence.PILOT
    if (new.labelled > FULL and new.labelled >= _NEARLY_ALL * new.samples) or new.labelled == new.samples >= FULL:
        return Evidence.FULL_LABELS
    return Evidence.AUDIT


@dataclass(frozen=True)
class Interval:
    """A share with its 95 % interval, all in [0, 1]."""

    estimate: float
    low: float
    high: float


def audited(wrong: int, labelled: int) -> Interval:
    """The error rate after `wrong` mistakes among `labelled` random samples (> 0); Wilson 1927, score interval."""
    share = wrong / labelled
    spread = 1 + _Z**2 / labelled
    middle = (share + _Z**2 / (2 * labelled)) / spread
    half = _Z * math.sqrt(share * (1 - share) / labelled + _Z**2 / (4 * labelled**2)) / spread
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half))


def audit_size(error: float, tolerated: float) -> int:
    """Random new samples to label so that a 95 % interval around an error rate of `error` leaves out `tolerated`.

    Both in [0, 1]; at least AUDIT and at most 10,000 (rates so near to each other no audit of a sane size settles).
    """
    sizes: list[int] = [*range(AUDIT, FULL), *range(FULL, 10_000, 50)]
    for size in sizes:
        interval = audited(round(error * size), size)
        if not interval.low <= tolerated <= interval.high:
            return size
    return 10_000


def audit_sentence(error: float, tolerated: float) -> str:
    """What a labelled audit would settle, for a reader who has no labels yet."""
    size = audit_size(error, tolerated)
    interval = audited(round(error * size), size)
    return (
        f"labels on {size} random new samples would settle it: an error of {100 * error:.0f} % would then be known "
        f"to lie in {100 * interval.low:.0f} to {100 * interval.high:.0f} %, against {100 * tolerated:.0f} % tolerated"
    )
