"""First and second moments of the embedding, for each of the 20 parts: what the Frechet distance needs.

Embeddings of more than 64 numbers are projected: covariances of 64 directions can be estimated from a few hundred
samples, those of 1,280 can't. It must not know what is computed from them.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor
from typing_extensions import override

from modelreuse.scores.chunk import Chunk
from modelreuse.scores.keys import GROUPS
from modelreuse.scores.sketch import Sums


class EmbeddingMoments(Sums):
    """Number, sum and sum of outer products of embeddings in each part; 160 r (r + 1) bytes, r = min(d, 64)."""

    name: ClassVar[str] = "moments"

    @override
    def update(self, chunk: Chunk) -> None:
        counts = torch.bincount(chunk.groups, minlength=GROUPS)
        # One product for each part of equal length: rows in order of their part, filled up with zeros.
        order = chunk.groups.argsort(stable=True)
        groups = chunk.groups[order]
        place = torch.arange(chunk.samples, device=groups.device) - (counts.cumsum(0) - counts)[groups]
        longest, size = int(counts.max()), chunk.projected.shape[1]
        rows = chunk.projected.new_zeros((GROUPS, longest, size))
        rows[groups, place] = chunk.projected.index_select(0, order)
        self.add("counts", counts.double())
        self.add("sums", rows.sum(dim=1))
        self.add("products", rows.mT @ rows)

    @property
    def seen(self) -> bool:
        """Whether there was any sample."""
        return self.holds("counts")

    def moments(self, parts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Samples (m,), means (m, r) and unbiased covariances (m, r, r) of m unions of parts, (m, GROUPS) ones."""
        weights = parts.to(torch.float64)
        n = weights @ self.total("counts")
        mean = weights @ self.total("sums") / n[:, None]
        products = torch.einsum("mg,gij->mij", weights, self.total("products"))
        covariance = (products - n[:, None, None] * mean[:, :, None] * mean[:, None, :]) / (n[:, None, None] - 1)
        return n, mean, covariance
