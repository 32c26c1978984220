"""RESQUE_task: whether classes still sit where they sat in the embedding.

Published as part of RESQUE (arXiv 2412.15511), and as the boundary collapse of PreIndex (2408.01446), with labels and
k-means over all embeddings. Here each new sample is put into the class whose reference centroid is nearest; the k-means
figure stands beside it, on a sample.
"""

from __future__ import annotations

from torch import Tensor
from typing_extensions import override

from modelreuse.scores.census import Census
from modelreuse.scores.class_sums import MINIMUM_CLASS_SAMPLES, class_sums, nothing_seen, too_few
from modelreuse.scores.contingency import adjusted_rand_index, balanced_nmi, table_of
from modelreuse.scores.keys import GROUPS
from modelreuse.scores.nearest_centroid import Centroids, centroid_table, k_means, nearest_of_other_half
from modelreuse.scores.observation import ClassBasis
from modelreuse.scores.replicates import jackknife_error
from modelreuse.scores.result import Finding, ScoreResult
from modelreuse.scores.row_sample import ClassedRows, RowSample
from modelreuse.scores.sketch import Score, Sketches


class ResqueTask(Score):
    """1 - adjusted Rand index between each new sample's class and the class of its nearest reference centroid.

    The class is the label or the model's prediction; centroids are the mean embeddings of the reference's classes with
    at least 20 samples, by the same kind of class; nearest is Euclidean. value: 0 means every class stays together
    around one centroid, 1 is chance, at most 3/2. As published, nothing is subtracted. details: `reference`, the same
    on the reference, halves assigned by each other's centroids; `agreement`, the share in [0, 1] whose nearest centroid
    is that of its own class (the index does not ask that); `nmi_balanced`; `k_means`, 1 - ARI by k-means from the
    centroids on at most 2,048 samples; `standard_error`.
    An agreement of predictions with centroids says that head and embedding are of one mind, not that either is right.
    """

    means = "1 - adjusted Rand index of a sample's class and its nearest centroid: 0 classes hold together, 1 chance."

    def __init__(self, basis: ClassBasis) -> None:
        self.basis = basis
        self.name = "resque_task" if basis is ClassBasis.PREDICTED else "resque_task_labelled"
        self.sums, self.table = class_sums(basis), centroid_table(basis)
        self.reads = (Census, self.sums, self.table, RowSample)

    @override
    def result(self, reference: Sketches, new: Sketches) -> ScoreResult:
        then, now = reference.of(self.sums), new.of(self.table)
        if not then.seen:
            known = bool((reference.of(Census).shape or (1, 1))[0])
            return self._undefined(nothing_seen(self.name, self.basis, classes=known))
        centroids = Centroids(then.whole())
        known_classes = len(centroids.classes)
        if known_classes < 2:
            return self._undefined(too_few(f"{self.name}: the reference", 2, known_classes, MINIMUM_CLASS_SAMPLES))
        if not now.holds("table"):
            return self._undefined(nothing_seen(self.name, self.basis, classes=True))
        table = now.table()
        samples = int(table.sum())
        details = {"agreement": float(table.diagonal().sum()) / samples, "centroids": float(known_classes)}
        if int((table.sum(dim=1) > 0).sum()) < 2:
            finding = Finding("OneClass", f"{self.name}: all {samples} new samples are of one class")
            return ScoreResult(self.name, None, self.means, samples, self.basis, details, finding)
        try:
            value = 1 - adjusted_rand_index(table)
        except ValueError as error:
            finding = Finding("TooFewSamples", f"{self.name}: {error}")
            return ScoreResult(self.name, None, self.means, samples, self.basis, details, finding)
        details |= self._details(reference, new, centroids, samples)
        try:
            details["nmi_balanced"] = balanced_nmi(table)
        except ValueError:  # every sample is nearest to one centroid: nothing to normalise by
            details["nmi_balanced"] = 0.0
        return ScoreResult(self.name, value, self.means, samples, self.basis, details)

    def _undefined(self, why: Finding) -> ScoreResult:
        return ScoreResult(self.name, None, self.means, 0, self.basis, undefined=why)

    def _details(self, reference: Sketches, new: Sketches, centroids: Centroids, samples: int) -> dict[str, float]:
        """What only a sample of rows can tell."""
        details = {}
        rows = new.of(RowSample)
        k = rows.classes
        some = ClassedRows.of(rows, self.basis)
        if len(some.classes) > 1:
            nearest = centroids.nearest(some.embedding)
            kept = [some.groups != g for g in range(GROUPS)]
            left_out = [_index(some.classes[rest], nearest[rest], k) for rest in kept]
            error = jackknife_error([value for value in left_out if value is not None])
            if error is not None:
                details["standard_error"] = error * (len(some.classes) / samples) ** 0.5
            by_k_means = _index(some.classes, k_means(some.embedding, centroids.means), k)
            if by_k_means is not None:
                details["k_means"] = 1 - by_k_means
        own = self._on_reference(reference, k)
        return details if own is None else {**details, "reference": own}

    def _on_reference(self, reference: Sketches, k: int) -> float | None:
        some = ClassedRows.of(reference.of(RowSample), self.basis)
        nearest = nearest_of_other_half(some, reference.of(self.sums))
        if nearest is None:
            return None
        index = _index(some.classes, nearest, k)
        return None if index is None else 1 - index


def _index(first: Tensor, second: Tensor, k: int) -> float | None:
    """The adjusted Rand index; None where it is 0/0."""
    try:
        return adjusted_rand_index(table_of(first, second, k, k))
    except ValueError:
        return None
