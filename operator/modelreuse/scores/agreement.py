"""Agreement: whether two ways to classify, the head and the nearest class of the reference, still say the same."""

from __future__ import annotations

from typing_extensions import override

from modelreuse.scores.census import Census
from modelreuse.scores.class_sums import PredictedClassSums, nothing_seen
from modelreuse.scores.keys import GROUPS
from modelreuse.scores.nearest_centroid import PredictedCentroidTable, nearest_of_other_half
from modelreuse.scores.observation import ClassBasis
from modelreuse.scores.replicates import jackknife_error
from modelreuse.scores.result import Finding, ScoreResult
from modelreuse.scores.row_sample import ClassedRows, RowSample
from modelreuse.scores.sketch import Score, Sketches


class Agreement(Score):
    """Share of new samples whose predicted class is that of the nearest reference centroid, in [0, 1].

    Needs no labels: classifiers that disagree can't both be right, so agreement bounds what either gets right together
    (the idea of Jiang et al. 2022, arXiv 2106.13799, with a second classifier that costs nothing). Both may be wrong
    alike: it sees no labels that changed their meaning. details: `reference`, the same there, each half by the other's
    centroids; `difference`; `standard_error`, from at most 2,048 sampled rows.
    """

    name = "agreement"
    means = "Share of samples that head and nearest reference centroid call the same: less than before suggests errors."
    reads = (Census, PredictedClassSums, PredictedCentroidTable, RowSample)

    @override
    def result(self, reference: Sketches, new: Sketches) -> ScoreResult:
        basis, now = ClassBasis.PREDICTED, new.of(PredictedCentroidTable)
        if not now.holds("table"):
            known = bool((reference.of(Census).shape or (1, 1))[0])
            why = nothing_seen(self.name, basis, classes=known)
            if known and new.of(Census).samples:
                why = Finding("TooFewSamples", f"{self.name} needs 2 classes of 20 reference samples or more")
            return ScoreResult(self.name, None, self.means, 0, basis, undefined=why)
        table = now.table()
        samples = int(table.sum())
        value, details = float(table.diagonal().sum()) / samples, {}
        then = ClassedRows.of(reference.of(RowSample), basis)
        nearest = nearest_of_other_half(then, reference.of(PredictedClassSums))
        if nearest is not None:
            details["reference"] = float((nearest == then.classes).double().mean())
            details["difference"] = value - details["reference"]
        some, centroids = ClassedRows.of(new.of(RowSample), basis), now.centroids()
        assert centroids is not None
        same = (centroids.nearest(some.embedding) == some.classes).double()
        left_out = [float(same[some.groups != g].mean()) for g in range(GROUPS) if bool((some.groups != g).any())]
        error = jackknife_error(left_out)
        if error is not None:
            details["standard_error"] = error * (len(same) / samples) ** 0.5
        return ScoreResult(self.name, value, self.means, samples, basis, details)
