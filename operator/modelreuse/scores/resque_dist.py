"""RESQUE_dist: how far each class has turned away from where the model saw it before.

Published as part of RESQUE (arXiv 2412.15511). The published code rescans both data sets once per class and needs
labels; this is one pass, and works from the model's own predicted classes too.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from typing_extensions import override

from modelreuse.scores.census import Census
from modelreuse.scores.class_sums import MINIMUM_CLASS_SAMPLES, PerClass, class_sums, nothing_seen, too_few
from modelreuse.scores.observation import ClassBasis
from modelreuse.scores.replicates import HALVES, LEFT_OUT, Distance, known, noise_ratio
from modelreuse.scores.result import Finding, ScoreResult
from modelreuse.scores.sketch import Score, Sketches


def angle(x: Tensor, y: Tensor) -> Tensor:
    """Angle between paired rows of x and y, both (m, d) without zero rows, divided by pi: (m,) in [0, 1].

    Equals arccos(cosine) / pi, but computed as 2 atan2(|u - v|, |u + v|) of the unit vectors u, v: arccos loses half
    of the digits near 0, where unshifted data are, and this is exactly 0 for equal rows.
    """
    u = x / torch.linalg.vector_norm(x, dim=1, keepdim=True)
    v = y / torch.linalg.vector_norm(y, dim=1, keepdim=True)
    return 2 * torch.atan2((u - v).norm(dim=1), (u + v).norm(dim=1)) / math.pi


class ResqueDist(Score):
    """Mean over classes of the angle between the class's summed embeddings, reference against new, divided by pi.

    raw is in [0, 1]: 0 the same directions, 1/2 right angles, 1 opposite; the value is that less the null. A class
    counts with at least `minimum` samples, and embeddings that don't sum to zero, in both data sets.
    """

    means = "Mean angle by which classes turned in the embedding, over pi, less that of unmoved data: 0 unmoved."

    def __init__(self, basis: ClassBasis, minimum: int = MINIMUM_CLASS_SAMPLES) -> None:
        self.basis = basis
        self.minimum = minimum
        self.name = "resque_dist" if basis is ClassBasis.PREDICTED else "resque_dist_labelled"
        self.sums = class_sums(basis)
        self.reads = (Census, self.sums)

    @override
    def result(self, reference: Sketches, new: Sketches) -> ScoreResult:
        then, now = reference.of(self.sums), new.of(self.sums)
        if not (then.seen and now.seen):
            classes = bool((reference.of(Census).shape or (1, 1))[0])
            undefined = nothing_seen(self.name, self.basis, classes=classes)
            return ScoreResult(self.name, None, self.means, 0, self.basis, undefined=undefined)
        old, fresh = then.whole(), now.whole()
        enough = (old.counts >= self.minimum) & (fresh.counts >= self.minimum)
        both = enough & _turned(old) & _turned(fresh)
        samples = int(fresh.counts[both].sum())
        details = {"classes": float(both.sum()), "classes_left_out": float((~both & (old.counts > 0)).sum())}
        if not bool(both.any()):
            undefined = (
                Finding("ZeroEmbedding", f"{self.name}: every class's embeddings sum to zero, which has no direction")
                if bool(enough.any())
                else too_few(self.name, 1, 0, self.minimum)
            )
            return ScoreResult(self.name, None, self.means, samples, self.basis, details, undefined)
        angles = angle(old.sums[both], fresh.sums[both])
        distance = Distance.of(
            float(angles.mean()),
            known(_mean_angle(then.union(one), then.union(other), both) for one, other in HALVES),
            noise_ratio(float(old.counts[both].sum()), samples) ** 0.5,
            known(_mean_angle(then.union(rest), now.union(rest), both) for rest in LEFT_OUT),
        )
        details = {**details, "largest": float(angles.max()), **distance.details()}
        return ScoreResult(self.name, distance.value, self.means, samples, self.basis, details)


def _turned(sums: PerClass) -> Tensor:
    turned: Tensor = torch.linalg.vector_norm(sums.sums, dim=1) > 0
    return turned


def _mean_angle(then: PerClass, now: PerClass, classes: Tensor) -> float | None:
    """The mean angle of those classes, as far as both sides know them; None where they know none."""
    both = classes & _turned(then) & _turned(now)
    return float(angle(then.sums[both], now.sums[both]).mean()) if bool(both.any()) else None
