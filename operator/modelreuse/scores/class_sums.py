"""Per-class sums of embeddings: what RESQUE and the nearest-centroid agreement both keep of a data set.

Kept for each of the 20 parts, so that halves and replicates come from the same sums; where embeddings are long, parts
are kept of their projection, and the embeddings themselves for two halves. It must not know what is computed from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

import torch
from torch import Tensor
from typing_extensions import override

from modelreuse.scores.chunk import PROJECTED, Chunk
from modelreuse.scores.keys import GROUPS
from modelreuse.scores.observation import ClassBasis
from modelreuse.scores.result import Finding
from modelreuse.scores.sketch import Sums

MINIMUM_CLASS_SAMPLES: Final = 20
"""A class with fewer samples than this in a data set says too little about itself to count."""


@dataclass(frozen=True)
class PerClass:
    """counts: (k,) samples of each class. sums: (k, d) of their embeddings."""

    counts: Tensor
    sums: Tensor


class ClassSums(Sums):
    """Sum of the embeddings and number of samples of each class; 160 k (r + 1) + 16 k d bytes, r = min(d, 64)."""

    basis: ClassVar[ClassBasis]

    @override
    def update(self, chunk: Chunk) -> None:
        found = chunk.classes(self.basis)
        if found is None:
            return
        k, groups = chunk.outputs, found.of(chunk.groups)
        index = groups * k + found.classes
        self.add_counts("counts", index, GROUPS * k)
        self.add_rows("parts", index, found.of(chunk.projected), GROUPS * k)
        if chunk.embedding.shape[1] > PROJECTED:
            halves = (groups % 2) * k + found.classes
            self.add_rows("halves", halves, found.of(chunk.embedding64), 2 * k)

    @property
    def seen(self) -> bool:
        """Whether any sample had a class."""
        return self.holds("counts")

    @property
    def classes(self) -> int:
        """Number of classes k."""
        return self.total("counts").numel() // GROUPS

    def whole(self) -> PerClass:
        """All samples, embeddings as they are."""
        sums = self.total("halves") if self.holds("halves") else self.total("parts")
        return PerClass(self._counts().sum(dim=0), sums.view(-1, self.classes, sums.shape[1]).sum(dim=0))

    def half(self, which: int) -> PerClass:
        """The parts with even (0) or odd (1) numbers, embeddings as they are."""
        counts = self._counts()[which::2].sum(dim=0)
        if self.holds("halves"):
            return PerClass(counts, self.total("halves").view(2, self.classes, -1)[which])
        return PerClass(counts, self._parts()[which::2].sum(dim=0))

    def union(self, parts: Tensor) -> PerClass:
        """Some of the parts, (GROUPS,) ones, embeddings projected where they are long."""
        return PerClass(parts @ self._counts(), torch.tensordot(parts, self._parts(), dims=1))

    def _counts(self) -> Tensor:
        return self.total("counts").view(GROUPS, -1)

    def _parts(self) -> Tensor:
        parts = self.total("parts")
        return parts.view(GROUPS, -1, parts.shape[1])


class PredictedClassSums(ClassSums):
    """By the model's own predictions."""

    name: ClassVar[str] = "sums_of_predicted_classes"
    basis: ClassVar[ClassBasis] = ClassBasis.PREDICTED


class LabelledClassSums(ClassSums):
    """By the labels; samples without one are passed over."""

    name: ClassVar[str] = "sums_of_labels"
    basis: ClassVar[ClassBasis] = ClassBasis.LABELS


def class_sums(basis: ClassBasis) -> type[ClassSums]:
    """The sketch for classes of that kind."""
    return PredictedClassSums if basis is ClassBasis.PREDICTED else LabelledClassSums


def nothing_seen(name: str, basis: ClassBasis, *, classes: bool) -> Finding:
    """Why a score is undefined when one of its data sets left no trace; `classes`: whether the model has any."""
    if not classes:
        return no_classes(name)
    if basis is ClassBasis.LABELS:
        return Finding("LabelsMissing", f"{name} needs labels in the reference and in the new data")
    return Finding("EmptyData", f"{name} needs samples in the reference and in the new data")


def no_classes(name: str) -> Finding:
    """Why a score of classes is undefined for a model without any."""
    return Finding("NoClasses", f"{name} needs a classifier; this model was not called one")


def too_few(name: str, wanted: int, found: int, minimum: int) -> Finding:
    """Why a score is undefined when only `found` classes, but not `wanted`, have `minimum` samples."""
    needs = f"{name} needs at least {wanted} {'class' if wanted == 1 else 'classes'} of {minimum} samples or more"
    if found == 1:
        return Finding("OneClass", f"{needs}; there is only one")
    return Finding("TooFewSamples", f"{needs}; there is none")
