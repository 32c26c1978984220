"""What one batch tells: the only thing that a score ever sees.

Scores depend on this module and not on models, so anybody can check our numbers on plain arrays. It must not know where
a batch came from, nor to which data set it belongs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modelreuse.scores.errors import ActivationsNotFinite, LabelsNotIntegers, LabelsOutOfRange, OneClass, WrongShape
from modelreuse.scores.keys import row_keys

Array = Tensor | NDArray[Any]
UNLABELLED: Final = -1
"""In place of a label: an audit labels some samples of many."""


class ClassBasis(StrEnum):
    """Which classes a score went by: the true ones, or those that the model itself predicts."""

    LABELS = "Labels"
    PREDICTED = "PredictedClasses"


@dataclass(frozen=True, eq=False)
class Observation:
    """One batch of n samples after a forward pass.

    logits: (n, k), k >= 2, the scores before softmax (log-probabilities do as well); None for a model without classes
    (regression, embeddings), which then has the scores that need none.
    embedding: (n, d), the input of the head, after its activation, averaged over space or tokens.
    labels: (n,) whole numbers in [0, k), -1 for a sample without one; or None where there are none.
    activations: outputs of further layers by name, each (n, channels): averaged over space or tokens.
    keys: (n,) int64, equal for the same sample; where both data sets hold the same samples in two states, equal keys
    pair them. None takes the bits of embedding and logits.
    clusters: (n,) int64, equal for samples that are no independent evidence (one patient, one film). None: the keys.
    Raises WrongShape, OneClass (k < 2), LabelsNotIntegers, LabelsOutOfRange.
    """

    logits: Tensor | None
    embedding: Tensor
    labels: Tensor | None = None
    activations: Mapping[str, Tensor] = field(default_factory=lambda: MappingProxyType({}))
    keys: Tensor | None = None
    clusters: Tensor | None = None

    def __post_init__(self) -> None:
        _check_matrix("embedding", self.embedding, "(n, d), one row per sample")
        n = self.embedding.shape[0]
        if self.logits is not None:
            _check_logits(self.logits, n)
        for name, activation in self.activations.items():
            if activation.ndim != 2 or activation.shape[0] != n or not activation.is_floating_point():
                raise WrongShape(
                    f"activations[{name!r}]: shape {tuple(activation.shape)}, {activation.dtype}; "
                    f"give ({n}, channels) in floating point"
                )
        for name, values in {"keys": self.keys, "clusters": self.clusters}.items():
            if values is not None and (values.shape != (n,) or values.dtype != torch.int64):
                raise WrongShape(f"{name}: shape {tuple(values.shape)}, {values.dtype}; give ({n},) int64")
        if self.labels is not None:
            _check_labels(self.labels, n, None if self.logits is None else self.logits.shape[1])

    @staticmethod
    def from_arrays(
        logits: Array | None,
        embedding: Array,
        labels: Array | None = None,
        activations: Mapping[str, Array] | None = None,
        keys: Array | None = None,
        clusters: Array | None = None,
    ) -> Observation:
        """The same from numpy arrays or tensors in any mix; errors as for the class.

        Activations of more dimensions, (n, channels, ...), are averaged over those after the second. Whole-number
        labels in floating point are accepted; NaN or infinity is refused (ActivationsNotFinite).
        """
        embedded, scored = as_tensor(embedding), None if logits is None else as_tensor(logits)
        layers = {name: as_tensor(values) for name, values in (activations or {}).items()}
        named = {"embedding": embedded, **({} if scored is None else {"logits": scored}), **layers}
        for name, values in named.items():
            # A finite sum, which is cheaper, says that every value is.
            if not (bool(values.sum().isfinite()) or bool(values.isfinite().all())):
                raise ActivationsNotFinite(f"{name}: holds NaN or infinity; every value must be a finite number")
        return Observation(
            logits=scored,
            embedding=embedded,
            labels=None if labels is None else as_labels(labels),
            activations=MappingProxyType({n: v.flatten(2).mean(dim=2) if v.ndim > 2 else v for n, v in layers.items()}),
            keys=None if keys is None else as_labels(keys),
            clusters=None if clusters is None else as_labels(clusters),
        )

    @property
    def samples(self) -> int:
        """Number of samples n."""
        return self.embedding.shape[0]

    @property
    def outputs(self) -> int | None:
        """Number of classes k that the model knows; None without classes."""
        return None if self.logits is None else self.logits.shape[1]

    @cached_property
    def channels(self) -> Tensor:
        """(n, channels of all layers and the embedding's size): activations in order, the embedding last."""
        return torch.cat([*self.activations.values(), self.embedding], dim=1) if self.activations else self.embedding

    def identity(self) -> Tensor:
        """(n,) int64 keys, the given ones or those of the sample's bits."""
        if self.keys is not None:
            return self.keys
        return row_keys([self.embedding] if self.logits is None else [self.embedding, self.logits])


def as_tensor(values: Array) -> Tensor:
    """A tensor of the same values; memory is shared where both sides allow it."""
    if isinstance(values, Tensor):
        return values.detach()
    array = np.asarray(values)
    if not array.flags.writeable or not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return torch.from_numpy(np.ascontiguousarray(array)) if array.ndim else torch.tensor(array.item())


def as_labels(labels: Array) -> Tensor:
    """(n,) int64 labels from whole numbers of any type. Raises LabelsNotIntegers."""
    array = None if isinstance(labels, Tensor) else np.asarray(labels)
    if array is not None and array.dtype.kind not in "biuf":
        raise LabelsNotIntegers(f"labels: type {array.dtype}; give class indices as whole numbers")
    tensor = as_tensor(labels)
    if tensor.dtype == torch.int64:
        return tensor
    whole = tensor.to(torch.int64)
    if (tensor.is_floating_point() or tensor.is_complex()) and not bool((whole == tensor).all()):
        odd = tensor[whole != tensor].flatten()[0].item()
        raise LabelsNotIntegers(f"labels: {odd} is not a whole number; give class indices 0, 1, 2, ...")
    return whole


def _check_logits(logits: Tensor, n: int) -> None:
    _check_matrix("logits", logits, "(n, k), one score per class")
    if logits.shape[1] < 2:
        raise OneClass(
            f"logits: shape {tuple(logits.shape)} has {logits.shape[1]} output(s) per sample; a classifier needs at "
            "least 2 (write a binary model with one output as two logits, 0 and the output; a model that is no "
            "classifier has none)"
        )
    if logits.shape[0] != n:
        raise WrongShape(f"embedding: {n} rows for {logits.shape[0]} rows of logits; give one per sample")


def _check_matrix(name: str, values: Tensor, wanted: str) -> None:
    if values.ndim != 2 or values.shape[1] == 0:
        raise WrongShape(f"{name}: shape {tuple(values.shape)}; give {wanted}")
    if not values.is_floating_point():
        raise WrongShape(f"{name}: type {values.dtype}; give {wanted} in floating point")


def _check_labels(labels: Tensor, n: int, k: int | None) -> None:
    if labels.shape != (n,):
        raise WrongShape(
            f"labels: shape {tuple(labels.shape)} for {n} samples; give ({n},), one class index per sample"
        )
    if labels.dtype != torch.int64:
        raise LabelsNotIntegers(f"labels: type {labels.dtype}; give int64 class indices")
    if k is None:
        raise WrongShape("labels: given for a model without logits; class indices mean nothing to it")
    if n:
        low, high = (int(edge) for edge in torch.aminmax(labels))
        if low < UNLABELLED or high >= k:
            odd = int(labels[(labels < UNLABELLED) | (labels >= k)][0])
            raise LabelsOutOfRange(
                f"labels: {odd} is outside 0..{k - 1}; the model has {k} outputs, numbered from 0, and {UNLABELLED} is "
                "no label"
            )
