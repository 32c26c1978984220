"""Who a sample is, and which of 20 parts of its data set it belongs to, decided by its content alone.

Replicate sketches need a partition of the samples that does not depend on batches, order, shards or device. So a
sample's key is a hash of the bits that go into the model (not of what comes out, whose last bits depend on the batch),
or whatever unit a caller names: patients, machines, frames of one film. Equal samples share a key, so duplicates never
pass for independent evidence. It must not know what is computed in the parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor

GROUPS: Final = 20
"""Parts into which every data set is divided for standard errors."""
LONGEST_ROW: Final = 256
"""Positions of a sample that its key looks at, evenly spaced; all of them where there are no more."""
_SEED: Final = 0x5EED


def row_keys(tensors: Sequence[Tensor]) -> Tensor:
    """(n,) int64 hash of each row of all the tensors, (n, ...) each, exact to the bit and the same on every device.

    Multilinear in the row's 32-bit words modulo 2**32, then mixed; of rows longer than LONGEST_ROW words, evenly spaced
    ones.
    """
    key = torch.zeros(tensors[0].shape[0], dtype=torch.int64, device=tensors[0].device)
    for tensor in tensors:
        words = _words(tensor)
        if words.shape[1]:
            key = mixed(key * 31 + (words * _multipliers(words.shape[1], words.device)).sum(dim=1, dtype=torch.int32))
    return key


def groups_of(keys: Tensor) -> Tensor:
    """(n,) int64 in [0, GROUPS): the part of each unit."""
    return (mixed(keys ^ 0x1234567) & 0x7FFFFFFF) % GROUPS


def order_of(keys: Tensor) -> Tensor:
    """(n,) int64, not negative: a pseudo-random rank of each unit, independent of its part."""
    return mixed(keys ^ 0x7654321) & 0x7FFFFFFFFFFFFFFF


def mixed(values: Tensor) -> Tensor:
    """The finalizer of splitmix64 (Steele, Lea and Flood 2014) on int64, which wraps around."""
    z = values + _signed(0x9E3779B97F4A7C15)
    z = (z ^ ((z >> 30) & 0x3FFFFFFFF)) * _signed(0xBF58476D1CE4E5B9)
    z = (z ^ ((z >> 27) & 0x1FFFFFFFFF)) * _signed(0x94D049BB133111EB)
    return z ^ ((z >> 31) & 0x1FFFFFFFF)


def _words(tensor: Tensor) -> Tensor:
    """(n, m) int32 of each row's bits, m at most LONGEST_ROW times the words of one number."""
    rows = tensor.reshape(tensor.shape[0], -1)
    rows = rows[:, :: max(1, -(-rows.shape[1] // LONGEST_ROW))].contiguous()
    if rows.is_complex():
        rows = torch.view_as_real(rows).flatten(1)
    match rows.element_size():
        case 1:
            return rows.view(torch.uint8).to(torch.int32)
        case 2:
            return rows.view(torch.int16).to(torch.int32)
        case _:
            return rows.view(torch.int32)


_KNOWN: dict[tuple[int, torch.device], Tensor] = {}


def _multipliers(size: int, device: torch.device) -> Tensor:
    """(size,) odd int32, the same in every process; a few sizes occur in one, so they are kept."""
    known = _KNOWN.get((size, device))
    if known is None:
        numbers = np.random.default_rng(_SEED).integers(-(2**31), 2**31, size=size, dtype=np.int64) | 1
        known = _KNOWN[size, device] = torch.from_numpy(numbers.astype(np.int32)).to(device)
    return known


def _signed(unsigned: int) -> int:
    return unsigned - (1 << 64) if unsigned >> 63 else unsigned
