"""Which retrainings a campaign runs, in which order: whatever part of it is run, mechanisms are run equally often."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from modelreuse.api import TrainingAction
from modelreuse.calibration.mechanisms import SEVERITIES

ENOUGH = 30
"""Runs of a campaign that nobody has sized, in whole rounds: from so many records on, scores count."""


@dataclass(frozen=True)
class Run:
    """One retraining: of the model, on samples that one mechanism has shifted."""

    mechanism: str
    severity: int
    action: TrainingAction

    @property
    def name(self) -> str:
        """As a person reads it."""
        return f"{self.mechanism} {self.severity} of {len(SEVERITIES)}, {self.action}"


def campaign(mechanisms: Iterable[str], actions: Sequence[TrainingAction], seed: int) -> tuple[Run, ...]:
    """Every mechanism, at every severity, with every action, each once.

    In rounds: each has every mechanism once, in an order that the seed decides, with what was run least so far of the
    severities and actions that the mechanism has left.
    """
    order = [str(name) for name in np.random.default_rng(seed).permutation(list(mechanisms))]
    left = {name: [Run(name, severity, action) for severity in SEVERITIES for action in actions] for name in order}
    shares = Counter[str | int]()
    chosen = []
    for _ in range(len(SEVERITIES) * len(actions)):
        for name in order:
            run = min(left[name], key=lambda each: shares[each.severity] + shares[each.action])
            left[name].remove(run)
            shares.update({run.severity: len(SEVERITIES), run.action: len(actions)})
            chosen.append(run)
    return tuple(chosen)


def usual_size(mechanisms: int, runs: int) -> int:
    """How many of all `runs` are run where nobody says: enough, in whole rounds."""
    return min(runs, math.ceil(ENOUGH / mechanisms) * mechanisms)
