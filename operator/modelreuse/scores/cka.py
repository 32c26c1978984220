"""Centred kernel alignment: whether the same samples are still arranged alike, where they are known in both states."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from modelreuse.scores.keys import GROUPS
from modelreuse.scores.replicates import MINIMUM_SAMPLES, jackknife_error
from modelreuse.scores.result import Finding, ScoreResult
from modelreuse.scores.row_sample import RowSample
from modelreuse.scores.sketch import Score, Sketches


def linear_cka(x: Tensor, y: Tensor) -> Tensor:
    """Linear centred kernel alignment of two representations of the same samples.

    x: (n, p), y: (n, q), rows paired. Returns a scalar in [0, 1]; 1 means equal up to rotation and scale.
    Raises ValueError if n differs, n < 2, or either side is constant. Kornblith et al. 2019, eq. 5 (arXiv 1905.00414).
    """
    if x.shape[0] != y.shape[0] or x.shape[0] < 2:
        raise ValueError(f"{x.shape[0]} and {y.shape[0]} rows; give two or more of the same samples on both sides")
    x, y = (rows.double() - rows.double().mean(dim=0) for rows in (x, y))
    own = torch.linalg.norm(x.mT @ x) * torch.linalg.norm(y.mT @ y)
    if own == 0:
        raise ValueError("all rows of one side are equal, which has no arrangement")
    alignment: Tensor = (torch.linalg.norm(y.mT @ x).square() / own).clamp(max=1)
    return alignment


class Cka(Score):
    """1 - linear CKA of the embeddings of samples that both data sets hold, paired by their keys.

    value: in [0, 1]; 0 the same arrangement up to rotation and scale. Keys are those given with the batches: the bits
    of an input differ as soon as anything changes it. Undefined (NotPaired) where fewer than half of the sampled keys
    occur on both sides, each once. From at most 2,048 pairs; details: `pairs`, `standard_error`. Alike is not
    interchangeable: layers of CKA 0.9 between independently trained models still can't be swapped.
    """

    name = "cka"
    means = "1 - linear CKA of the embeddings of the same samples in two states: 0 the same arrangement."
    reads = (RowSample,)

    @override
    def result(self, reference: Sketches, new: Sketches) -> ScoreResult:
        then, now = reference.of(RowSample), new.of(RowSample)
        if min(len(then), len(now)) == 0:
            why = Finding("EmptyData", f"{self.name} needs samples in the reference and in the new data")
            return ScoreResult(self.name, None, self.means, 0, undefined=why)
        old_keys, new_keys = then.column("keys").numpy(), now.column("keys").numpy()
        unique = len(np.unique(old_keys)) == len(old_keys) and len(np.unique(new_keys)) == len(new_keys)
        common, old, fresh = np.intersect1d(old_keys, new_keys, return_indices=True)
        if not unique or len(common) < max(MINIMUM_SAMPLES, min(len(then), len(now)) / 2):
            pairs = f"{self.name} needs the same samples on both sides, each under one key; {len(common)} were found"
            return ScoreResult(self.name, None, self.means, 0, undefined=Finding("NotPaired", pairs))
        x, y = then.column("embedding")[old], now.column("embedding")[fresh]
        try:
            value = 1 - float(linear_cka(x, y))
        except ValueError as constant:
            why = Finding("ConstantEmbedding", f"{self.name}: {constant}")
            return ScoreResult(self.name, None, self.means, len(common), undefined=why)
        details = {"pairs": float(len(common))}
        error = _error(x, y, now.column("groups")[fresh])
        if error is not None:
            details["standard_error"] = error
        return ScoreResult(self.name, value, self.means, len(common), details=details)


def _error(x: Tensor, y: Tensor, groups: Tensor) -> float | None:
    left_out = []
    for part in range(GROUPS):
        rest = groups != part
        try:
            left_out.append(float(linear_cka(x[rest], y[rest])))
        except ValueError:
            continue
    return jackknife_error(left_out)
