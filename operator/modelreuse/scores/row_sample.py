"""A bounded, representative sample of a data set's embeddings, for what sums cannot tell.

The SIZE samples with the smallest pseudo-random rank (bottom-k sampling, Cohen and Kaplan 2007): every sample's rank
follows from its key, so the choice does not depend on order, batches or shards, two shards' samples give that of the
whole, and data sets that hold the same samples in two states keep the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from typing_extensions import override

from modelreuse.scores.chunk import Chunk
from modelreuse.scores.errors import WrongShape
from modelreuse.scores.keys import order_of
from modelreuse.scores.observation import ClassBasis
from modelreuse.scores.sketch import Arrays, Sketch, Sketches

SIZE: Final = 2048


class RowSample(Sketch):
    """At most SIZE rows, sorted by rank; 4 SIZE (d + k + 6) bytes for float32.

    keys, groups: (m,) int64. embedding: (m, d). logits: (m, k), k = 0 without classes. labels: (m,), -1 for none.
    """

    name: ClassVar[str] = "rows"

    def __init__(self, reference: Sketches | None = None) -> None:
        super().__init__(reference)
        self._rows: dict[str, Tensor] = {}
        self._sorted = True
        self._columns: dict[str, Tensor] = {}

    @override
    def update(self, chunk: Chunk) -> None:
        logits = chunk.embedding.new_empty((chunk.samples, 0)) if chunk.logits is None else chunk.logits
        labels = torch.full_like(chunk.keys, -1) if chunk.labels is None else chunk.labels
        self._take(
            {
                "keys": chunk.keys,
                "groups": chunk.groups,
                "embedding": chunk.embedding,
                "logits": logits,
                "labels": labels,
            }
        )

    @override
    def to_arrays(self) -> Arrays:
        wide = {name: values.float() if values.dtype in _HALVES else values for name, values in self._by_rank().items()}
        return {name: values.cpu().numpy().copy() for name, values in wide.items()}

    @override
    def merge_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        device = self._rows["keys"].device if self._rows else None
        self._take({name: torch.from_numpy(np.array(arrays[name])).to(device) for name in _NAMES})

    def __len__(self) -> int:
        return len(self._rows["keys"]) if self._rows else 0

    @property
    def classes(self) -> int:
        """Number of classes k."""
        return int(self._rows["logits"].shape[1]) if self._rows else 0

    def column(self, name: str) -> Tensor:
        """One of the attributes, on the CPU; embedding and logits in float64. Don't change it in place."""
        if name not in self._columns:
            values = self._by_rank()[name].cpu()
            self._columns[name] = values.double() if values.is_floating_point() else values
        return self._columns[name]

    def _take(self, rows: dict[str, Tensor]) -> None:
        known = self._rows
        self._columns.clear()
        for name in known:
            if known[name].shape[1:] != rows[name].shape[1:]:
                raise WrongShape(
                    f"{name}: {tuple(rows[name].shape[1:])} after {tuple(known[name].shape[1:])}; all batches of "
                    "both data sets must come from one model and one layer"
                )
        if len(self) == SIZE:
            self._replace(rows)
            return
        if known:
            rows = {name: torch.cat([known[name], rows[name].to(known[name])]) for name in _NAMES}
        best = order_of(rows["keys"]).argsort(stable=True)[:SIZE]
        self._rows = {name: values.index_select(0, best) for name, values in rows.items()}

    def _replace(self, rows: dict[str, Tensor]) -> None:
        """Of a full sample, rewrite only the rows that others of lower rank push out."""
        known = self._rows
        own, ranks = order_of(known["keys"]), order_of(rows["keys"]).to(known["keys"].device)
        better = (ranks < own.max()).nonzero()[:, 0]
        best = torch.cat([own, ranks[better]]).argsort(stable=True)[:SIZE]
        gone = torch.ones_like(own, dtype=torch.bool).index_fill_(0, best[best < SIZE], value=False).nonzero()[:, 0]
        come = better[best[best >= SIZE] - SIZE]
        if len(come):
            for name in _NAMES:
                values = rows[name].index_select(0, come.to(rows[name].device))
                known[name].index_copy_(0, gone, values.to(known[name]))
            self._sorted = False

    def _by_rank(self) -> dict[str, Tensor]:
        if not self._sorted:
            order = order_of(self._rows["keys"]).argsort(stable=True)
            self._rows = {name: values.index_select(0, order) for name, values in self._rows.items()}
            self._sorted = True
        return self._rows


@dataclass(frozen=True)
class ClassedRows:
    """Rows of a sample that have a class of some kind. classes, groups: (m,) int64; embedding: (m, d) float64."""

    classes: Tensor
    groups: Tensor
    embedding: Tensor

    @staticmethod
    def of(rows: RowSample, basis: ClassBasis) -> ClassedRows:
        """Those with a class by `basis`, of a model with classes."""
        predicted, labels = rows.column("logits").argmax(dim=1), rows.column("labels")
        classes = predicted if basis is ClassBasis.PREDICTED else labels
        chosen = (classes >= 0).nonzero()[:, 0]
        embedding = rows.column("embedding").index_select(0, chosen)
        return ClassedRows(classes[chosen], rows.column("groups")[chosen], embedding)


_NAMES: Final = ("keys", "groups", "embedding", "logits", "labels")
_HALVES: Final = (torch.float16, torch.bfloat16)
