"""Many batches as one: what sketches are fed with, so that small batches cost no more than large ones.

A chunk also holds what several sketches derive from the same rows, once. It must not know which sketches there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import torch
from torch import Tensor

from modelreuse.scores.keys import groups_of
from modelreuse.scores.observation import UNLABELLED, ClassBasis, Observation

PROJECTED: Final = 64
"""Dimensions of an embedding in which replicates, and covariances, are kept; larger embeddings are projected."""
CHUNK_ROWS: Final = 2048
CHUNK_NUMBERS: Final = 2**22
EMBEDDING: Final = "(embedding)"
"""What the input of the head is called among the layers."""
_SEED: Final = 64


@dataclass(frozen=True, eq=False)
class Chunk:
    """n samples of one model: embedding (n, d), logits (n, k) or None, labels (n,) with -1 for none or None.

    layers: names and numbers of channels of the tapped layers, the embedding (EMBEDDING) last; channels: (n, sum of
    those), layer by layer. keys, groups: (n,) int64. batches: of how many observations this is made.
    """

    embedding: Tensor
    logits: Tensor | None
    labels: Tensor | None
    layers: tuple[tuple[str, int], ...]
    channels: Tensor
    keys: Tensor
    groups: Tensor
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
    def predicted(self) -> Tensor | None:
        """(n,) index of the largest logit, the lowest one of several equal."""
        return None if self.logits is None else self.logits.argmax(dim=1)

    @cached_property
    def log_probabilities(self) -> Tensor | None:
        """(n, k) log-softmax of the logits, in their precision but at least float32."""
        if self.logits is None:
            return None
        logits = self.logits.to(torch.promote_types(self.logits.dtype, torch.float32))
        # torch.log_softmax takes four times as long on a CPU with ten classes.
        below = logits - logits.amax(dim=1, keepdim=True)
        return below - below.exp().sum(dim=1, keepdim=True).log_()

    @cached_property
    def labelled(self) -> Tensor | None:
        """(m,) indices of the rows that have a label; None without any."""
        if self.labels is None:
            return None
        rows = (self.labels >= 0).nonzero()[:, 0]
        return rows if len(rows) else None

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

    def classes(self, basis: ClassBasis) -> tuple[Tensor, Tensor] | None:
        """Rows that have a class by `basis`, and the class of each, (m,) both; None without any."""
        if basis is ClassBasis.PREDICTED:
            if self.predicted is None:
                return None
            return torch.arange(self.samples, device=self.predicted.device), self.predicted
        if self.labelled is None or self.labels is None:
            return None
        return self.labelled, self.labels[self.labelled]


def chunk_of(observations: Sequence[Observation]) -> Chunk:
    """The observations, of one model and the same layers, in one."""
    first = observations[0]
    identities = [o.identity() for o in observations]
    units = [i if o.clusters is None else o.clusters for i, o in zip(identities, observations, strict=True)]
    embedding = torch.cat([o.embedding for o in observations])
    return Chunk(
        embedding=embedding,
        logits=None if first.logits is None else torch.cat([o.logits for o in observations if o.logits is not None]),
        labels=_labels(observations, embedding.device),
        layers=layers_of(first),
        channels=torch.cat([o.channels for o in observations]) if first.activations else embedding,
        keys=torch.cat(identities).to(embedding.device),
        groups=groups_of(torch.cat(units).to(embedding.device)),
        batches=len(observations),
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


def _labels(observations: Sequence[Observation], device: torch.device) -> Tensor | None:
    if all(o.labels is None for o in observations):
        return None
    none = torch.full((), UNLABELLED, dtype=torch.int64, device=device)
    return torch.cat([none.expand(o.samples) if o.labels is None else o.labels.to(device) for o in observations])
