"""Confidence that means what it says on the reference: an estimate of accuracy without labels in the new data."""

from __future__ import annotations

import math
from typing import ClassVar, Final

from torch import Tensor
from typing_extensions import override

from modelreuse.scores.chunk import Chunk
from modelreuse.scores.keys import GROUPS
from modelreuse.scores.observation import ClassBasis
from modelreuse.scores.replicates import MINIMUM_SAMPLES, jackknife_error
from modelreuse.scores.result import Finding, ScoreResult
from modelreuse.scores.row_sample import RowSample
from modelreuse.scores.sketch import Score, Sketches, Sums

_COLDEST: Final = -4.0
_HOTTEST: Final = 4.0
_HALVINGS: Final = 20


def temperature(logits: Tensor, labels: Tensor) -> float:
    """The T in [1/55, 55] that minimises the cross-entropy of softmax(logits / T) on labels; (n, k) and (n,).

    Guo et al. 2017 (arXiv 1706.04599, section 4.2). The cross-entropy is convex in 1/T, so its slope is bisected; where
    all or nothing is right an end of the range is the answer.
    """
    logits = logits.float()
    right, below = logits.gather(1, labels[:, None])[:, 0], logits - logits.amax(dim=1, keepdim=True)
    coldest, hottest = _COLDEST, _HOTTEST
    for _ in range(_HALVINGS):
        middle = (coldest + hottest) / 2
        scale = math.exp(-middle)
        # slope of the cross-entropy in 1/T: mean logit under the softmax less the logit of the label
        weights = (below * scale).exp_()
        slope = ((weights * logits).sum(dim=1) / weights.sum(dim=1) - right).mean()
        if slope > 0:
            coldest = middle
        else:
            hottest = middle
    return math.exp((coldest + hottest) / 2)


class CalibratedConfidences(Sums):
    """Sum over new data of the largest softmax probability at the reference's temperature, and samples, in each part.

    Empty on a reference, and without labels there.
    """

    name: ClassVar[str] = "calibrated"

    def __init__(self, reference: Sketches | None = None) -> None:
        super().__init__(reference)
        self._temperature: float | None = None

    def temperature(self) -> float | None:
        """The reference's; None where it has too few labels."""
        if self._temperature is None and self.reference is not None:
            rows = self.reference.of(RowSample)
            if len(rows) and rows.classes:
                labels = rows.column("labels")
                chosen = labels >= 0
                if int(chosen.sum()) >= MINIMUM_SAMPLES:
                    self._temperature = temperature(rows.column("logits")[chosen], labels[chosen])
        return self._temperature

    @override
    def update(self, chunk: Chunk) -> None:
        scale = self.temperature()
        if scale is None or chunk.below is None:
            return
        sure = 1 / (chunk.below / scale).exp_().sum(dim=1).double()
        self.add_rows("sums", chunk.groups, sure, GROUPS)
        self.add_counts("samples", chunk.groups, GROUPS)


class CalibratedConfidence(Score):
    """Mean over new samples of the largest softmax probability at the temperature that calibrates the reference.

    value: in [1/k, 1]; an estimate of accuracy, right where the shift leaves the calibration as it was, and blind to
    labels that changed meaning. Undefined (LabelsMissing) with fewer than 20 labels in the reference; labels of new
    data are not looked at. The temperature is fitted on at most 2,048 sampled reference rows. details: `temperature`,
    above 1 for an overconfident model; `standard_error`.
    """

    name = "calibrated_confidence"
    means = "Mean confidence after calibration on the reference: a guess of accuracy, blind to labels' changed meaning."
    reads = (RowSample, CalibratedConfidences)

    @override
    def result(self, reference: Sketches, new: Sketches) -> ScoreResult:
        now, basis = new.of(CalibratedConfidences), ClassBasis.LABELS
        scale = now.temperature()
        if scale is None:
            why = f"{self.name} needs at least {MINIMUM_SAMPLES} labels in the reference"
            return ScoreResult(self.name, None, self.means, 0, basis, undefined=Finding("LabelsMissing", why))
        if not now.holds("samples"):
            why = f"{self.name} needs samples in the new data"
            return ScoreResult(self.name, None, self.means, 0, basis, undefined=Finding("EmptyData", why))
        sums, samples = now.total("sums"), now.total("samples")
        details, rest = {"temperature": scale}, samples.sum() - samples
        error = jackknife_error(((sums.sum() - sums) / rest)[rest > 0].tolist())
        if error is not None:
            details["standard_error"] = error
        value = min(float(sums.sum() / samples.sum()), 1.0)
        return ScoreResult(self.name, value, self.means, int(samples.sum()), basis, details)
