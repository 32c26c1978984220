"""Which of many looks at a training's quality are kept: messages and status have room for few."""

import math
from bisect import bisect_left
from collections.abc import Sequence

from modelreuse.api.check import MAX_LOOKS, Evaluation


def spread(steps: Sequence[int], most: int) -> list[int]:
    """At most `most` of these steps, in order: first and last, and between them about as far apart in ratio.

    steps: at least 1, rising. A quality rises fast, then slowly: even ratios tell more of it than even distances.
    """
    if len(steps) <= most:
        return list(steps)
    first, last = math.log(steps[0]), math.log(steps[-1])
    wanted = (math.exp(first + (last - first) * place / (most - 1)) for place in range(most))
    # A hair less, so that rounding doesn't skip the step itself.
    return [steps[at] for at in sorted({min(bisect_left(steps, step - 1e-6), len(steps) - 1) for step in wanted})]


def some_of(evaluations: Sequence[Evaluation]) -> list[Evaluation]:
    """As many of an answer's looks as a record keeps, in order."""
    kept = spread([each.step for each in evaluations], MAX_LOOKS)
    return [Evaluation(step=each.step, quality=each.quality) for each in evaluations if each.step in kept]
