"""Agreement of two ways to put the same samples into classes, from a table of counts."""

from __future__ import annotations

from torch import Tensor


def _pairs(counts: Tensor) -> int:
    return sum(count * (count - 1) // 2 for count in (int(c) for c in counts.flatten().tolist()) if count > 1)


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
