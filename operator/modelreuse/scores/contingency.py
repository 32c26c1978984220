"""Agreement of two ways to put the same samples into classes, from a table of counts."""

from __future__ import annotations

import torch
from torch import Tensor


def table_of(first: Tensor, second: Tensor, rows: int, columns: int) -> Tensor:
    """(rows, columns) float64 counts of each pair of classes; first, second: (n,) whole numbers."""
    return torch.bincount(first * columns + second, minlength=rows * columns).view(rows, columns).double()


def adjusted_rand_index(table: Tensor) -> float:
    """Adjusted Rand index of two partitions of n samples.

    table: (r, c) whole numbers, table[i, j] = samples in class i of the first and class j of the second partition.
    At most 1, which means equal up to names; 0 is the expectation of chance, and at least -1/2.
    Exact in whole numbers until the final division. Hubert and Arabie 1985, eq. 5.
    Raises ValueError for fewer than 2 samples, and where it is 0/0: both partitions have one class, or both have only
    classes of one sample.
    """
    n = int(table.sum())
    total = n * (n - 1) // 2
    together, first, second = _pairs(table), _pairs(table.sum(dim=1)), _pairs(table.sum(dim=0))
    # (together - first * second / total) / ((first + second) / 2 - first * second / total), times 2 total
    numerator = 2 * (together * total - first * second)
    denominator = (first + second) * total - 2 * first * second
    if denominator == 0:
        raise ValueError(f"the adjusted Rand index of {n} samples is undefined: both partitions are trivial")
    return numerator / denominator


def balanced_nmi(table: Tensor) -> float:
    """Normalised mutual information where every class of the first partition weighs the same.

    table: as above. I(first; second) / sqrt(H(first) H(second)) after each row with samples is scaled to the same sum:
    frequent classes don't drown rare ones. In [0, 1]; 1 means equal up to names, 0 independent. Strehl and Ghosh 2002,
    eq. 3. Raises ValueError with fewer than 2 classes in either partition.
    """
    rows = table[table.sum(dim=1) > 0].double()
    joint = rows / rows.sum(dim=1, keepdim=True) / max(1, len(rows))
    first, second = joint.sum(dim=1), joint.sum(dim=0)
    entropies = _entropy(first) * _entropy(second)
    if entropies <= 0:
        raise ValueError("the mutual information of a partition of one class is undefined")
    information = _entropy(first) + _entropy(second) - _entropy(joint.flatten())
    return float(min(max(information / entropies**0.5, 0.0), 1.0))


def _entropy(shares: Tensor) -> float:
    return float(-torch.special.xlogy(shares, shares).sum())


def _pairs(counts: Tensor) -> int:
    """Number of pairs of samples within the classes; exact, for counts whose sum is below 2**31."""
    whole = counts.to(torch.int64)
    return int((whole * (whole - 1)).sum()) // 2
