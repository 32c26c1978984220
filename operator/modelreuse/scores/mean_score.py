"""Scores that are the mean of one figure per sample, on the new data and on the reference.

A score of this kind is one subclass of `MeanScore` that says which figure.
"""

from __future__ import annotations

from typing import ClassVar

from typing_extensions import override

from modelreuse.scores.census import Census
from modelreuse.scores.class_sums import no_classes
from modelreuse.scores.observation import ClassBasis
from modelreuse.scores.result import Finding, ScoreResult
from modelreuse.scores.sample_means import SampleMeans
from modelreuse.scores.sketch import Score, Sketches


class MeanScore(Score):
    """value: the mean on the new data; details: `reference`, the mean there, `difference`, `standard_error`.

    Without a figure on the new data the value is undefined (LabelsMissing, NoClasses or EmptyData); without one on the
    reference only the details are absent.
    """

    figure: ClassVar[str]
    basis: ClassVar[ClassBasis | None]
    reads = (Census, SampleMeans)

    @override
    def result(self, reference: Sketches, new: Sketches) -> ScoreResult:
        then, now = reference.of(SampleMeans), new.of(SampleMeans)
        samples, details = now.samples(self.figure), {}
        if then.samples(self.figure):
            details["reference"] = then.mean(self.figure)
        if not samples:
            why = self._why(new.of(Census))
            return ScoreResult(self.name, None, self.means, 0, self.basis, details, why)
        value, error = now.mean(self.figure), now.error(self.figure)
        if "reference" in details:
            details["difference"] = value - details["reference"]
        if error is not None:
            details["standard_error"] = error
        return ScoreResult(self.name, value, self.means, samples, self.basis, details)

    def _why(self, census: Census) -> Finding:
        if census.shape is not None and not census.shape[0]:
            return no_classes(self.name)
        if self.basis is ClassBasis.LABELS:
            return Finding("LabelsMissing", f"{self.name} needs labels in the new data")
        return Finding("EmptyData", f"{self.name} needs samples in the new data")
