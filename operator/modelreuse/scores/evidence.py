"""How much a result rests on: tiers of evidence.

Without labels nothing can tell a harmless shift from labels that changed their meaning, so a tier stands beside every
result. It must not know what is decided on a tier.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from modelreuse.scores.census import DataSummary

AUDIT: Final = 50
"""Labelled new samples that make an audit."""
FULL: Final = 200
"""So many labelled samples are more than an audit, where they are nearly all."""
_NEARLY_ALL: Final = 0.95


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

    Fewer than AUDIT labels are none; FULL labels and more, on nearly all samples, are full labels. pilot: whether an
    approved pilot of a few training steps was run.
    """
    if new.labelled < AUDIT:
        return Evidence.NO_LABELS
    if pilot:
        return Evidence.PILOT
    if new.labelled >= FULL and new.labelled >= _NEARLY_ALL * new.samples:
        return Evidence.FULL_LABELS
    return Evidence.AUDIT
