"""RESQUE_dist: how far each class has turned away from where the model saw it before.

Published as part of RESQUE (arXiv 2412.15511). The published code rescans both data sets once per class and needs
labels; this is one pass, and works from the model's own predicted classes too.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from typing_extensions import override

from modelreuse.scores.class_sums import ClassSums, add_class_sums, check_like, nothing_seen, too_few
from modelreuse.scores.observation import ClassBasis, Observation
from modelreuse.scores.result import Finding, ScoreResult
from modelreuse.scores.sketch import Score


def angle(x: Tensor, y: Tensor) -> Tensor:
    """Angle between paired rows of x and y, both (m, d) without zero rows, divided by pi: (m,) in [0, 1].

    Equals arccos(cosine) / pi, but computed as 2 atan2(|u - v|, |u + v|) of the unit vectors u, v: arccos loses half
    of the digits near 0, where unshifted data are, and this is exactly 0 for equal rows.
    """
    u = x / x.norm(dim=1, keepdim=True)
    v = y / y.norm(dim=1, keepdim=True)
    return 2 * torch.atan2((u - v).norm(dim=1), (u + v).norm(dim=1)) / math.pi


class ResqueReference(ClassSums):
    """The reference's side of RESQUE_dist."""

    @override
    def score(self) -> ResqueDist:
        return ResqueDist(self)


class ResqueDist(Score):
    """Mean over classes of the angle between a class's summed embeddings in reference and new data, over pi.

    For class c with embeddings R_c in the reference and N_c in the new data: arccos(cosine(sum R_c, sum N_c)) / pi,
    then the mean over the classes that have `minimum` samples in both. In [0, 1]: 0 is the same direction, 1/2 is
    orthogonal, 1 is opposite; embeddings after a ReLU never exceed 1/2. Multiplying either data set's embeddings by a
    positive number changes nothing. RESQUE_dist, arXiv 2412.15511; labels and minimum = 1 give the published figure.

    Two kinds of classes are left out, because the published code has no sound answer for them: those with too few
    samples, and those whose embeddings sum to the zero vector, which has no direction (it says 1/2).
    """

    means = "Angle over pi between a class's embeddings then and now, mean over classes: 0 unmoved, 0.5 orthogonal."

    def __init__(self, reference: ResqueReference) -> None:
        super().__init__()
        self.reference = reference

    @override
    def observe(self, observation: Observation) -> None:
        check_like(self.reference, observation)
        add_class_sums(self, observation, self.reference.basis)

    @override
    def result(self) -> ScoreResult:
        reference, basis = self.reference, self.reference.basis
        name = "resque_dist" if basis is ClassBasis.PREDICTED else "resque_dist_labelled"
        if not (self.holds("counts") and reference.holds("counts")):
            return ScoreResult(name, None, self.means, 0, basis, undefined=nothing_seen(name, basis))
        counts, now, then = self.total("counts"), self.total("sums"), reference.sums
        enough = (counts >= reference.minimum) & reference.counted
        both = enough & (now.norm(dim=1) > 0) & (then.norm(dim=1) > 0)
        samples = int(counts[both].sum())
        details = {"classes": float(both.sum()), "classes_left_out": float((~both & (reference.counts > 0)).sum())}
        if not bool(both.any()):
            undefined = (
                Finding("ZeroEmbedding", f"{name}: every class's embeddings sum to zero, which has no direction")
                if bool(enough.any())
                else too_few(name, 1, 0, reference.minimum)
            )
            return ScoreResult(name, None, self.means, samples, basis, details, undefined)
        angles = angle(then[both], now[both])
        return ScoreResult(
            name, float(angles.mean()), self.means, samples, basis, details | {"largest": float(angles.max())}
        )
