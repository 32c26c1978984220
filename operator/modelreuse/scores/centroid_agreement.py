"""Whether classes still sit where they sat in the embedding.

Each new sample is put into the class whose reference centroid is nearest; if the representation still separates the
classes, that agrees with the labels (or with what the head says, which makes it free of labels). RESQUE_task (arXiv
2412.15511) and PreIndex (2408.01446) ask the same question with k-means started at the centroids, which takes several
passes over all embeddings; nearest-centroid assignment takes one and keeps k*k counts.
"""

from __future__ import annotations

import torch
from torch import Tensor
from typing_extensions import override

from modelreuse.scores.class_sums import ClassSums, check_like, nothing_seen, too_few
from modelreuse.scores.contingency import adjusted_rand_index
from modelreuse.scores.observation import ClassBasis, Observation
from modelreuse.scores.result import Finding, ScoreResult
from modelreuse.scores.sketch import Score


class CentroidReference(ClassSums):
    """The reference's side: per-class means of the embedding."""

    @override
    def score(self) -> CentroidAgreement:
        return CentroidAgreement(self)


class CentroidAgreement(Score):
    """Adjusted Rand index between each new sample's class and the class of its nearest reference centroid.

    The class is the label or the model's prediction, as the reference was told; centroids are the mean embeddings of
    the reference's classes with at least `minimum` samples, by the same kind of class; nearest is Euclidean, in
    float64. value: at most 1; 1 means every class stays together around one centroid, 0 is chance. It does not ask
    whether that is the class's own centroid: `rate` in the details, in [0, 1], does. An agreement of predictions with
    centroids says that head and embedding are of one mind, not that either is right.
    """

    means = "Adjusted Rand index of a sample's class and its nearest centroid: 1 classes hold together, 0 chance."

    def __init__(self, reference: CentroidReference) -> None:
        super().__init__()
        self.reference = reference
        self._known: tuple[Tensor, Tensor] | None = None

    def _centroids(self, device: torch.device) -> tuple[Tensor, Tensor]:
        """(m,) classes with a centroid and (m, d) those centroids."""
        if self._known is None or self._known[0].device != device:
            counted = self.reference.counted
            centroids = self.reference.sums[counted] / self.reference.counts[counted, None]
            self._known = (counted.nonzero()[:, 0].to(device), centroids.to(device))
        return self._known

    @override
    def observe(self, observation: Observation) -> None:
        check_like(self.reference, observation)
        classes = observation.classes(self.reference.basis)
        if classes is None or not self.reference.holds("counts"):
            return
        named, centroids = self._centroids(observation.embedding.device)
        if len(named) < 2:
            return
        nearest = named[nearest_rows(observation.embedding, centroids)]
        k = observation.outputs
        self.add_rows("table", classes * k + nearest, torch.ones_like(nearest, dtype=torch.float64), k * k)

    @override
    def result(self) -> ScoreResult:
        reference, basis = self.reference, self.reference.basis
        name = "centroid_agreement" if basis is ClassBasis.PREDICTED else "centroid_agreement_labelled"
        if not reference.holds("counts"):
            return ScoreResult(name, None, self.means, 0, basis, undefined=nothing_seen(name, basis))
        centroids = int(reference.counted.sum())
        if centroids < 2:
            undefined = too_few(f"{name}: the reference", 2, centroids, reference.minimum)
            return ScoreResult(name, None, self.means, 0, basis, undefined=undefined)
        if not self.holds("table"):
            return ScoreResult(name, None, self.means, 0, basis, undefined=nothing_seen(name, basis))
        k = reference.counts.numel()
        table = self.total("table").view(k, k)
        samples = int(table.sum())
        details = {"rate": float(table.diagonal().sum()) / samples, "centroids": float(centroids)}
        classes = int((table.sum(dim=1) > 0).sum())
        if classes < 2:
            undefined = Finding("OneClass", f"{name}: all {samples} new samples are of one class")
            return ScoreResult(name, None, self.means, samples, basis, details, undefined)
        try:
            return ScoreResult(name, adjusted_rand_index(table), self.means, samples, basis, details)
        except ValueError as error:
            undefined = Finding("TooFewSamples", f"{name}: {error}")
            return ScoreResult(name, None, self.means, samples, basis, details, undefined)


def nearest_rows(points: Tensor, centres: Tensor) -> Tensor:
    """(n,) index of the row of `centres` (m, d) nearest to each row of `points` (n, d), the lowest of several equal.

    By |c|^2 - 2 <x, c> in float64 about the centres' mean, so that a common offset costs no digits.
    """
    middle = centres.mean(dim=0)
    x, c = points.double() - middle, centres - middle
    return ((c * c).sum(dim=1) - 2 * x @ c.T).argmin(dim=1)
