"""Frechet distance: how far mean and covariance of the embedding have moved."""

from __future__ import annotations

import torch
from torch import Tensor
from typing_extensions import override

from modelreuse.scores.embedding_moments import EmbeddingMoments
from modelreuse.scores.keys import GROUPS
from modelreuse.scores.replicates import HALVES, LEFT_OUT, MINIMUM_SAMPLES, Distance, noise_ratio
from modelreuse.scores.result import Finding, ScoreResult
from modelreuse.scores.sketch import Score, Sketches


def frechet_distance(mean: Tensor, covariance: Tensor, other_mean: Tensor, other_covariance: Tensor) -> Tensor:
    """Squared Frechet distance of normal distributions: means (..., r), covariances (..., r, r); gives (...).

    |m - n|^2 + tr(S) + tr(T) - 2 tr((S^(1/2) T S^(1/2))^(1/2)), Dowson and Landau 1982, eq. 4. The last term is the sum
    of the square roots of the eigenvalues of S T, which are those of F^T T F for any F F^T = S; negative ones are
    rounding. F is the Cholesky factor, which takes a thirtieth of the time of eigenvectors, unless S is singular.
    """
    factor, failed = torch.linalg.cholesky_ex(covariance)
    if bool(failed.any()):
        values, vectors = torch.linalg.eigh(covariance)
        factor = vectors * values.clamp(min=0).sqrt()[..., None, :]
    middle = factor.mT @ other_covariance @ factor
    overlap = torch.linalg.eigvalsh((middle + middle.mT) / 2).clamp(min=0).sqrt().sum(dim=-1)
    traces = covariance.diagonal(dim1=-2, dim2=-1).sum(dim=-1) + other_covariance.diagonal(dim1=-2, dim2=-1).sum(dim=-1)
    distance: Tensor = (mean - other_mean).square().sum(dim=-1) + traces - 2 * overlap
    return distance


class Frechet(Score):
    """Squared Frechet distance between reference and new embeddings taken as normal, in squared units of the embedding.

    raw is 0 or more; the value is that less the null, which is what few samples alone would show. An embedding of more
    than 64 numbers is projected onto 64 seeded orthonormal directions, scaled so that squared lengths are right on
    average. details: `relative`, the value over the trace of the reference's covariance, comparable between models.
    """

    name = "frechet"
    means = "Squared Frechet distance of embeddings taken as normal, less that of unmoved data: 0 unmoved."
    reads = (EmbeddingMoments,)

    @override
    def result(self, reference: Sketches, new: Sketches) -> ScoreResult:
        then, now = reference.of(EmbeddingMoments), new.of(EmbeddingMoments)
        samples = [int(side.total("counts").sum()) for side in (then, now)]
        if min(samples) < MINIMUM_SAMPLES:
            why = f"{self.name} needs at least {MINIMUM_SAMPLES} samples on either side; there are {min(samples)}"
            return ScoreResult(self.name, None, self.means, samples[1], undefined=Finding("TooFewSamples", why))
        whole = torch.ones(1, GROUPS)
        old, fresh = then.moments(whole), now.moments(whole)
        raw = frechet_distance(*old[1:], *fresh[1:])
        halves = HALVES[((HALVES @ then.total("counts")) > 1).all(dim=1)]
        null = frechet_distance(*then.moments(halves[:, 0])[1:], *then.moments(halves[:, 1])[1:])
        rest = LEFT_OUT[(LEFT_OUT @ then.total("counts") > 1) & (LEFT_OUT @ now.total("counts") > 1)]
        left_out = frechet_distance(*then.moments(rest)[1:], *now.moments(rest)[1:])
        distance = Distance.of(max(float(raw), 0.0), null.tolist(), noise_ratio(*samples), left_out.tolist())
        details = dict(distance.details())
        trace = float(old[2].diagonal(dim1=1, dim2=2).sum())
        if trace > 0:
            details["relative"] = distance.value / trace
        return ScoreResult(self.name, distance.value, self.means, samples[1], details=details)
