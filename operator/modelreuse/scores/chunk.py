"""Many batches as one: what sketches are fed with, so that small batches cost no more than large ones.

A chunk also holds what several sketches derive from the same rows, once. It must not know which sketches there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import torch
from torch import Tensor

from modelreuse.scores.keys import groups_of
from modelreuse.scores.observation import ClassBasis, Observation

PROJECTED: Final = 64
"""Dimensions of an embedding in which replicates, and covariances, are kept; larger embeddings are projected."""
CHUNK_ROWS: Final = 2048
CHUNK_NUMBERS: Final = 2**22
EMBEDDING: Final = "(embedding)"
"""What the input of the head is called among the layers."""
_SEED: Final = 64


@dataclass(frozen=True, eq=False)
class Classed:
    """Those of n samples that have a class. classes: (m,) int64; rows: (m,) which they are, None where all are."""

    classes: Tensor
    rows: Tensor | None = None

    def of(self, values: Tensor) -> Tensor:
        """(m, ...) their rows of `values` (n, ...)."""
        return values if self.rows is None else values.index_select(0, self.rows)


@dataclass(frozen=True, eq=False)
class Chunk:
    """n samples of one model: embedding (n, d), logits (n, k) or None, labels (n,) with -1 for none or None.

    layers: names and numbers of channels of the tapped layers, the embedding (EMBEDDING) last; channels: (n, sum of
    those), layer by layer. keys: (n,) int64; units: the same, or the cluster that each sample is of. batches: of how
    many observations this is made. Its tensors may be written over once it was seen: keep copies.
    """

    embedding: Tensor
    logits: Tensor | None
    labels: Tensor | None
    layers: tuple[tuple[str, int], ...]
    channels: Tensor
    keys: Tensor
    units: Tensor
    batches: int = 1

    @property
    def samples(self) -> int:
        """Number of samples n."""
        return self.embedding.shape[0]

    @property
    def outputs(self) -> int:
        """Number of classes k, 0 without classes."""
        return 0 if self.logits is None else self.logits.shape[1]

    @cached_property
    def groups(self) -> Tensor:
        """(n,) int64 in [0, GROUPS): the part of each sample."""
        return groups_of(self.units)

    @cached_property
    def predicted(self) -> Tensor | None:
        """(n,) index of the largest logit, the lowest one of several equal."""
        return None if self.logits is None else self.logits.argmax(dim=1)

    @cached_property
    def below(self) -> Tensor | None:
        """(n, k) logits less the largest of each row, in their precision but at least float32."""
        if self.logits is None or self.predicted is None:
            return None
        logits = self.logits.to(torch.promote_types(self.logits.dtype, torch.float32))
        return logits - logits.gather(1, self.predicted[:, None])

    @cached_property
    def others(self) -> Tensor | None:
        """(n,) sum of exp(`below`) over all classes but the predicted one: the odds against it under the softmax."""
        if self.below is None or self.predicted is None:
            return None
        return self.below.exp().scatter_(1, self.predicted[:, None], 0).sum(dim=1)

    @cached_property
    def embedding64(self) -> Tensor:
        """(n, d) embedding in float64."""
        return self.embedding.to(torch.float64)

    @cached_property
    def projected(self) -> Tensor:
        """(n, r) float64: the embedding itself up to PROJECTED dimensions, else its projection onto that many."""
        if self.embedding.shape[1] <= PROJECTED:
            return self.embedding64
        basis = projection(self.embedding.shape[1]).to(self.embedding)
        return (self.embedding @ basis).to(torch.float64)

    @cached_property
    def labelled(self) -> Classed | None:
        """The samples with a label, by it; None without any."""
        if self.labels is None:
            return None
        rows = (self.labels >= 0).nonzero()[:, 0]
        if len(rows) == self.samples:
            return Classed(self.labels)
        return Classed(self.labels[rows], rows) if len(rows) else None

    def classes(self, basis: ClassBasis) -> Classed | None:
        """The samples that have a class by `basis`; None without any."""
        if basis is ClassBasis.LABELS:
            return self.labelled
        return None if self.predicted is None else Classed(self.predicted)


def chunk_of(observation: Observation) -> Chunk:
    """One batch as a chunk."""
    keys, device = observation.identity(), observation.embedding.device
    return Chunk(
        embedding=observation.embedding,
        logits=observation.logits,
        labels=None if observation.labels is None else observation.labels.to(device),
        layers=layers_of(observation),
        channels=observation.channels,
        keys=keys.to(device),
        units=(keys if observation.clusters is None else observation.clusters).to(device),
    )


def layers_of(observation: Observation) -> tuple[tuple[str, int], ...]:
    """Name and number of channels of each tapped layer, the embedding last."""
    tapped = tuple((name, int(values.shape[1])) for name, values in observation.activations.items())
    return (*tapped, (EMBEDDING, int(observation.embedding.shape[1])))


def rows_per_chunk(observation: Observation) -> int:
    """How many samples make a chunk: CHUNK_ROWS, fewer where a sample has so many numbers that they would not fit."""
    numbers = 2 * observation.embedding.shape[1] + (observation.outputs or 0)
    numbers += sum(values.shape[1] for values in observation.activations.values())
    return max(1, min(CHUNK_ROWS, CHUNK_NUMBERS // numbers))


_BASES: dict[int, Tensor] = {}


def projection(size: int) -> Tensor:
    """(size, PROJECTED) orthonormal columns times sqrt(size / PROJECTED): squared lengths are right on average."""
    known = _BASES.get(size)
    if known is None:
        random = torch.Generator().manual_seed(_SEED)
        basis = torch.linalg.qr(torch.randn(size, PROJECTED, generator=random, dtype=torch.float64)).Q
        known = _BASES[size] = basis * (size / PROJECTED) ** 0.5
    return known
