"""What a curve of evaluations says about a target: when it was met, or that it was not within the cap.

Definition of steps to target: the first of three consecutive evaluations whose quality is at least the target. Between
two evaluations nobody looked, so the figure is an interval; a curve that never gets there is censored on the right.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

IN_A_ROW: Final = 3


@dataclass(frozen=True)
class Steps:
    """Steps to the target: more than `low` and at most `high`; both 0 where it was met before any step.

    high None: not met within the cap `low` (right-censored).
    """

    low: int
    high: int | None


def steps_to(correct: Sequence[int], samples: int, target: float, spacing: int) -> Steps:
    """When the target was met.

    correct: right answers among `samples` at steps 0, spacing, 2 spacing, ... and, beyond the cap, at the two
    evaluations that the last one within it needs. Raises ValueError for fewer than three evaluations.
    """
    if len(correct) < IN_A_ROW:
        raise ValueError(f"{len(correct)} evaluations; at least {IN_A_ROW} are needed")
    needed = math.ceil(target * samples - 1e-9)
    for index in range(len(correct) - IN_A_ROW + 1):
        if min(correct[index : index + IN_A_ROW]) >= needed:
            return Steps(max(0, index - 1) * spacing, index * spacing)
    return Steps((len(correct) - IN_A_ROW) * spacing, None)


def attainable(correct: Sequence[int]) -> int:
    """The most right answers that three consecutive evaluations all gave: what any met target is at most."""
    return max(min(correct[index : index + IN_A_ROW]) for index in range(len(correct) - IN_A_ROW + 1))
