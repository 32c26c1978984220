"""What a labelled audit settles: how surely an error rate is known from n labels, and how many labels it would take.

Labels cost people's time, so the question is how few will do. The wrong answers among n random samples are binomial;
their share has the 95 % score interval of Wilson 1927 (J. Am. Stat. Assoc. 22, 209-212), which unlike the textbook's
holds for few samples and for rates near 0.
"""

import math
from dataclasses import dataclass
from typing import Final

SMALLEST: Final = 50
"""Labels that make an audit; fewer count as none."""
FULL: Final = 200
"""From so many samples on, labels on all of them are no audit but tell the very loss on these data."""
LARGEST: Final = 10_000
"""Rates that this many labels can't tell apart, no audit does."""
_Z: Final = 1.959964
"""Of a 95 % interval."""


@dataclass(frozen=True)
class Interval:
    """A share with its 95 % interval, all in [0, 1]."""

    estimate: float
    low: float
    high: float


def audited(wrong: int, labelled: int) -> Interval:
    """The error rate after `wrong` mistakes among `labelled` random samples (> 0); Wilson's score interval."""
    return _interval(wrong / labelled, labelled)


def audit_size(error: float, tolerated: float) -> int | None:
    """Random samples to label so that the interval around an error rate of `error` leaves out `tolerated`.

    Both in [0, 1]. At least SMALLEST; None where even LARGEST would not do.
    """
    sizes = (*range(SMALLEST, FULL), *range(FULL, LARGEST + 1, 50))
    return next((size for size in sizes if not _holds(_interval(error, size), tolerated)), None)


def audit_sentence(error: float, tolerated: float, samples: int) -> str:
    """How many of the new data's `samples` to label, and what that settles if the error rate is `error` indeed."""
    size = audit_size(error, tolerated)
    if size is None or size > samples:
        near = f"an error of {_percent(error)} is too near the {_percent(tolerated)} that are tolerated for fewer"
        if samples >= FULL:
            return f"labels on all {samples} new samples would settle it; {near}"
        wanted = f"more than {LARGEST}" if size is None else str(size)
        return f"the {samples} new samples are too few to settle it: that takes {wanted} with labels; {near}"
    interval = _interval(error, size)
    return (
        f"labels on {size} random new samples would settle it: were the error {_percent(error)}, it would be known to "
        f"lie in {_percent(interval.low)} to {_percent(interval.high)} (95 %, Wilson), against {_percent(tolerated)} "
        "tolerated"
    )


def _interval(share: float, labelled: int) -> Interval:
    spread = 1 + _Z**2 / labelled
    middle = (share + _Z**2 / (2 * labelled)) / spread
    half = _Z * math.sqrt(share * (1 - share) / labelled + _Z**2 / (4 * labelled**2)) / spread
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half))


def _holds(interval: Interval, share: float) -> bool:
    return interval.low <= share <= interval.high


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
