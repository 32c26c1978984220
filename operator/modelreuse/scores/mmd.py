"""Maximum mean discrepancy: whether embeddings differ in any way that a Gaussian kernel can see."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from typing_extensions import override

from modelreuse.scores.keys import GROUPS
from modelreuse.scores.replicates import HALVES, LEFT_OUT, MINIMUM_SAMPLES, jackknife_error, known
from modelreuse.scores.result import Finding, ScoreResult
from modelreuse.scores.row_sample import RowSample
from modelreuse.scores.sketch import Score, Sketches

FEATURES: Final = 2048
"""Random features: cosine and sine of half as many random directions."""
_BANDWIDTH_ROWS: Final = 256
_BLOCK: Final = 256
"""Rows whose features exist at a time: what fits a core's cache."""
FARTHEST: Final = 1e6
_SEED: Final = 2048


def bandwidth(rows: Tensor) -> float:
    """Median distance between the first 256 rows of (n, d); 0 where most are equal. Gretton et al. 2012, section 8."""
    return float(torch.nn.functional.pdist(rows[:_BANDWIDTH_ROWS]).median())


def frequencies(size: int) -> Tensor:
    """(size, FEATURES / 2) random directions, the same in every process."""
    random = torch.Generator().manual_seed(_SEED)
    return torch.randn(size, FEATURES // 2, generator=random, dtype=torch.float32)


class Mmd(Score):
    """Unbiased squared MMD of embeddings, Gaussian kernel; the reference's median distance is its width.

    value: about 0 unmoved (a little below by chance), 1 for data without any overlap in a reference that is spread out.
    Its expectation on unmoved data is 0, so nothing is subtracted; details: `null`, between the reference's halves, and
    `standard_error`. From the at most 2,048 sampled embeddings of either side, with 2,048 random features.
    """

    name = "mmd"
    means = "Squared maximum mean discrepancy of embeddings (unbiased, Gaussian kernel): 0 unmoved."
    reads = (RowSample,)

    @override
    def result(self, reference: Sketches, new: Sketches) -> ScoreResult:
        then, now = reference.of(RowSample), new.of(RowSample)
        smaller = min(len(then), len(now))
        if smaller < MINIMUM_SAMPLES:
            why = f"{self.name} needs at least {MINIMUM_SAMPLES} samples on either side; there are {smaller}"
            return self._undefined(len(now), Finding("TooFewSamples", why))
        rows = then.column("embedding")
        width = bandwidth(rows)
        if width == 0:
            why = f"{self.name}: most reference embeddings are equal, so there is no width for the kernel"
            return self._undefined(len(now), Finding("ConstantEmbedding", why))
        middle, directions = rows.mean(dim=0), frequencies(rows.shape[1])
        old, fresh = (_Parts(side, middle, width, directions) for side in (then, now))
        left_out = known(squared_mmd(old.union(rest), fresh.union(rest)) for rest in LEFT_OUT)
        halves = known(squared_mmd(old.union(one), old.union(other)) for one, other in HALVES)
        error = jackknife_error(left_out)
        details = {"bandwidth": width}
        if error is not None:
            details["standard_error"] = error
        if halves:
            details["null"] = sum(halves) / len(halves)
        value = squared_mmd(old.union(torch.ones(GROUPS)), fresh.union(torch.ones(GROUPS)))
        assert value is not None
        return ScoreResult(self.name, value, self.means, len(now), details=details)

    def _undefined(self, samples: int, why: Finding) -> ScoreResult:
        return ScoreResult(self.name, None, self.means, samples, undefined=why)


def squared_mmd(old: tuple[float, Tensor], new: tuple[float, Tensor]) -> float | None:
    """Unbiased estimate from (number, sum (FEATURES,)) of unit features on either side. Gretton 2012, eq. 3.

    None with fewer than 2 samples on a side.
    """
    (m, x), (n, y) = old, new
    if min(m, n) < 2:
        return None
    within = (float(x @ x) - m) / (m * (m - 1)) + (float(y @ y) - n) / (n * (n - 1))
    return within - 2 * float(x @ y) / (m * n)


class _Parts:
    """Number and feature sums of each part of a sample.

    Features z are those of Rahimi and Recht 2007, with paired cosine and sine, of length 1: z(x) z(y) is
    exp(-|x - y|^2 / (2 width^2)) on average. Embeddings lie within FARTHEST widths of `middle` in each dimension, or
    are put there: the kernel is 0 long before.
    """

    def __init__(self, sample: RowSample, middle: Tensor, width: float, directions: Tensor) -> None:
        rows, groups = sample.column("embedding"), sample.column("groups")
        sums = torch.zeros(2, GROUPS, FEATURES // 2)
        for some, parts in zip(torch.split(rows, _BLOCK), torch.split(groups, _BLOCK), strict=True):
            angles = ((some - middle) / width).clamp_(-FARTHEST, FARTHEST).float() @ directions
            sums[0].index_add_(0, parts, angles.cos())
            sums[1].index_add_(0, parts, angles.sin_())
        self.counts = torch.bincount(groups, minlength=GROUPS).double()
        self.sums = torch.cat(sums.double().mul_((FEATURES // 2) ** -0.5).unbind(), dim=1)

    def union(self, parts: Tensor) -> tuple[float, Tensor]:
        """Of some of the parts, (GROUPS,) ones."""
        parts = parts.double()
        return float(parts @ self.counts), parts @ self.sums
