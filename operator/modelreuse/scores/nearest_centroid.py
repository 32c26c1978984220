"""Where new samples lie among the reference's classes: counts of class against nearest reference centroid.

RESQUE_task (arXiv 2412.15511) and PreIndex (2408.01446) ask this of k-means started at the centroids, which takes
several passes over all embeddings; nearest-centroid assignment takes one, and keeps k*k counts.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor
from typing_extensions import override

from modelreuse.scores.chunk import Chunk
from modelreuse.scores.class_sums import MINIMUM_CLASS_SAMPLES, ClassSums, PerClass, class_sums
from modelreuse.scores.observation import ClassBasis
from modelreuse.scores.row_sample import ClassedRows
from modelreuse.scores.sketch import Sketches, Sums


class Centroids:
    """Mean embeddings of classes with at least `minimum` samples. classes: (m,) their numbers; means: (m, d)."""

    def __init__(self, sums: PerClass, minimum: int = MINIMUM_CLASS_SAMPLES) -> None:
        counted = sums.counts >= minimum
        self.classes = counted.nonzero()[:, 0]
        self.means = sums.sums[counted] / sums.counts[counted, None]

    def nearest(self, points: Tensor) -> Tensor:
        """(n,) class of the centroid nearest to each row of points (n, d)."""
        return self.classes.to(points.device)[nearest_rows(points, self.means.to(points.device))]


class CentroidTable(Sums):
    """Counts of (class, class of the nearest reference centroid) over new data; 8 k k bytes. Empty on a reference.

    The class is that of `basis`; centroids are those of the reference's classes of the same kind.
    """

    basis: ClassVar[ClassBasis]

    def __init__(self, reference: Sketches | None = None) -> None:
        super().__init__(reference)
        self._centroids: Centroids | None = None

    def centroids(self) -> Centroids | None:
        """The reference's; None without 2 of them."""
        if self.reference is None:
            return None
        if self._centroids is None:
            sums = self.reference.of(class_sums(self.basis))
            if not sums.seen:
                return None
            self._centroids = Centroids(sums.whole())
        return self._centroids if len(self._centroids.classes) > 1 else None

    @override
    def update(self, chunk: Chunk) -> None:
        found, centroids = chunk.classes(self.basis), self.centroids()
        if found is None or centroids is None:
            return
        nearest = centroids.nearest(found.of(chunk.embedding))
        self.add_counts("table", found.classes * chunk.outputs + nearest, chunk.outputs**2)

    def table(self) -> Tensor:
        """(k, k) counts."""
        counts = self.total("table")
        k = round(counts.numel() ** 0.5)
        return counts.view(k, k)


class PredictedCentroidTable(CentroidTable):
    """By the model's own predictions."""

    name: ClassVar[str] = "centroids_of_predicted_classes"
    basis: ClassVar[ClassBasis] = ClassBasis.PREDICTED


class LabelledCentroidTable(CentroidTable):
    """By the labels."""

    name: ClassVar[str] = "centroids_of_labels"
    basis: ClassVar[ClassBasis] = ClassBasis.LABELS


def centroid_table(basis: ClassBasis) -> type[CentroidTable]:
    """The sketch for classes of that kind."""
    return PredictedCentroidTable if basis is ClassBasis.PREDICTED else LabelledCentroidTable


def nearest_of_other_half(rows: ClassedRows, sums: ClassSums) -> Tensor | None:
    """(m,) class of the nearest centroid among those of the half of the data set that each row is not in.

    So that no row is judged by a centroid that it helped to make. None where either half has fewer than 2 centroids.
    """
    halves = [Centroids(sums.half(which), MINIMUM_CLASS_SAMPLES // 2) for which in (0, 1)]
    if min(len(half.classes) for half in halves) < 2:
        return None
    odd = rows.groups % 2 == 1
    nearest = halves[1].nearest(rows.embedding)
    nearest[odd] = halves[0].nearest(rows.embedding[odd])
    return nearest


def nearest_rows(points: Tensor, centres: Tensor) -> Tensor:
    """(n,) index of the row of `centres` (m, d) nearest to each row of `points` (n, d), the lowest of several equal.

    By |c|^2 - 2 <x, c> about the centres' mean, so that a common offset costs no digits; in the points' precision, at
    least float32.
    """
    dtype = torch.promote_types(points.dtype, torch.float32)
    middle = centres.mean(dim=0)
    return _nearest_about_zero((points - middle.to(dtype)).to(dtype), (centres - middle).to(dtype))


def _nearest_about_zero(points: Tensor, centres: Tensor) -> Tensor:
    return torch.addmm((centres * centres).sum(dim=1), points, centres.T, alpha=-2).argmin(dim=1)


def k_means(points: Tensor, starts: Tensor, most: int = 300) -> Tensor:
    """(n,) cluster of each row of points (n, d) after Lloyd's iterations from `starts` (m, d), until nothing moves.

    An empty cluster keeps its centre. Deterministic: what the published scores call n_init=1 from given centroids.
    """
    middle = starts.to(torch.float64).mean(dim=0)
    centres, points = starts.to(torch.float64) - middle, points.to(torch.float64) - middle
    clusters = _nearest_about_zero(points, centres)
    for _ in range(most):
        counts = torch.bincount(clusters, minlength=len(centres)).double()
        sums = torch.zeros_like(centres).index_add_(0, clusters, points)
        centres = torch.where(counts[:, None] > 0, sums / counts.clamp(min=1)[:, None], centres)
        moved = _nearest_about_zero(points, centres)
        if torch.equal(moved, clusters):
            break
        clusters = moved
    return clusters
