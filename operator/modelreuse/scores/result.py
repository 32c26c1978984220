"""What a score says at the end, in a form that a person and a program can both read.

A figure that cannot be given is absent with its reason, never NaN. This module must not know any particular score.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from modelreuse.scores.observation import ClassBasis


@dataclass(frozen=True)
class Finding:
    """Something that a reader must know: `reason` is a CamelCase code, `message` one sentence."""

    reason: str
    message: str


@dataclass(frozen=True)
class ScoreResult:
    """One score's answer for new data against a reference.

    value: the figure, finite, or None with the cause in `undefined`; exactly one of the two is set.
    means: one sentence that says what the figure is and which end is which.
    samples: how many samples of the new data went into it.
    basis: by which classes it was computed, None where classes play no part.
    details: further finite figures by name, for example the same quantity on the reference; of a distance `raw`, `null`
    (what unmoved data of these sizes show, which the value has subtracted) and `standard_error`.
    finding: what a reader must know beside the figure.
    Raises ValueError for a value or a detail that is not finite, and unless exactly one of value and undefined is set.
    """

    name: str
    value: float | None
    means: str
    samples: int
    basis: ClassBasis | None = None
    details: Mapping[str, float] = field(default_factory=dict)
    undefined: Finding | None = None
    finding: Finding | None = None

    def __post_init__(self) -> None:
        if (self.value is None) == (self.undefined is None):
            raise ValueError(f"{self.name}: give either a value or the reason why there is none")
        for name, figure in {"value": self.value, **self.details}.items():
            if figure is not None and not math.isfinite(figure):
                raise ValueError(f"{self.name}: {name} is {figure}; a result holds finite figures only")

    @property
    def standard_error(self) -> float | None:
        """Of the value, from replicates; None where the score has none."""
        return self.details.get("standard_error")
