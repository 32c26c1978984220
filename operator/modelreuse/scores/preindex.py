"""PreIndex: representation change and boundary collapse in one figure."""

from __future__ import annotations

from typing_extensions import override

from modelreuse.scores.observation import ClassBasis
from modelreuse.scores.representation_change import RepresentationChange
from modelreuse.scores.resque_task import ResqueTask
from modelreuse.scores.result import ScoreResult
from modelreuse.scores.sketch import Score, Sketches


class PreIndex(Score):
    """(p + c) / (1 + (p + c) s) - s_bar of arXiv 2408.01446: p the representation change, c the boundary collapse.

    c is 1 - ARI of RESQUE_task, by labels where both data sets have them, by predicted classes where not. s and s_bar
    are named a noise variance and its mean, but neither is computed in public code: they are constants for calibration,
    0 until somebody has fitted them. value: 0 unmoved with perfect classes, no upper end. details: both halves, and
    `standard_error` as if the two were independent.
    """

    name = "preindex"
    means = "Representation change plus boundary collapse (PreIndex): 0 unmoved, and classes hold together."

    def __init__(self, s: float = 0.0, s_bar: float = 0.0) -> None:
        self.s, self.s_bar = s, s_bar
        self.change = RepresentationChange()
        self.collapses = [ResqueTask(ClassBasis.LABELS), ResqueTask(ClassBasis.PREDICTED)]
        self.reads = tuple(kind for score in (self.change, *self.collapses) for kind in score.reads)

    @override
    def result(self, reference: Sketches, new: Sketches) -> ScoreResult:
        change = self.change.answer(reference, new)
        labelled, predicted = (score.answer(reference, new) for score in self.collapses)
        collapse = predicted if labelled.value is None else labelled
        if change.value is None or collapse.value is None:
            why = change.undefined or collapse.undefined
            assert why is not None
            return ScoreResult(self.name, None, self.means, 0, collapse.basis, undefined=why)
        both = change.value + collapse.value
        details = {"representation_change": change.value, "boundary_collapse": collapse.value}
        errors = [result.details.get("standard_error") for result in (change, collapse)]
        if all(error is not None for error in errors):
            details["standard_error"] = sum(error**2 for error in errors if error is not None) ** 0.5
        value = both / (1 + both * self.s) - self.s_bar
        samples = min(change.samples, collapse.samples)
        return ScoreResult(self.name, value, self.means, samples, collapse.basis, details)
