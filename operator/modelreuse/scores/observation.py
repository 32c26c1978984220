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
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modelreuse.scores.errors import ActivationsNotFinite, LabelsNotIntegers, LabelsOutOfRange, OneClass, WrongShape

Array = Tensor | NDArray[Any]


class ClassBasis(StrEnum):
    """Which classes a score went by: the true ones, or those that the model itself predicts."""

    LABELS = "Labels"
    PREDICTED = "PredictedClasses"


@dataclass(frozen=True, eq=False)
class Observation:
    """One batch of n samples after a forward pass through a classifier with k outputs.

    logits: (n, k), k >= 2, the scores before softmax (log-probabilities do as well).
    embedding: (n, d), the input of the head, after its activation, averaged over space or tokens.
    labels: (n,) whole numbers in [0, k), or None where there are none.
    activations: outputs of further layers by name, each (n, ...); empty unless asked for.
    Raises WrongShape, OneClass (k < 2), LabelsNotIntegers, LabelsOutOfRange.
    """

    logits: Tensor
    embedding: Tensor
    labels: Tensor | None = None
    activations: Mapping[str, Tensor] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        _check_matrix("logits", self.logits, "(n, k), one score per class")
        _check_matrix("embedding", self.embedding, "(n, d), one row per sample")
        n, k = self.logits.shape
        if k < 2:
            raise OneClass(
                f"logits: shape {tuple(self.logits.shape)} has {k} output(s) per sample; a classifier needs at least 2 "
                "(write a binary model with one output as two logits, 0 and the output)"
            )
        if self.embedding.shape[0] != n:
            raise WrongShape(f"embedding: {self.embedding.shape[0]} rows for {n} rows of logits; give one per sample")
        for name, activation in self.activations.items():
            if activation.ndim == 0 or activation.shape[0] != n:
                raise WrongShape(f"activations[{name!r}]: shape {tuple(activation.shape)}; give ({n}, ...)")
        if self.labels is not None:
            _check_labels(self.labels, n, k)

    @staticmethod
    def from_arrays(
        logits: Array, embedding: Array, labels: Array | None = None, activations: Mapping[str, Array] | None = None
    ) -> Observation:
        """The same from numpy arrays or tensors in any mix; shapes and errors as for the class.

        Whole-number labels in floating point are accepted; NaN or infinity is refused (ActivationsNotFinite).
        """
        tensors = {"logits": as_tensor(logits), "embedding": as_tensor(embedding)}
        layers = {name: as_tensor(values) for name, values in (activations or {}).items()}
        for name, values in (tensors | layers).items():
            if not bool(values.isfinite().all()):
                raise ActivationsNotFinite(f"{name}: holds NaN or infinity; every value must be a finite number")
        return Observation(
            logits=tensors["logits"],
            embedding=tensors["embedding"],
            labels=None if labels is None else as_labels(labels),
            activations=MappingProxyType(layers),
        )

    @property
    def samples(self) -> int:
        """Number of samples n."""
        return self.logits.shape[0]

    @property
    def outputs(self) -> int:
        """Number of classes k that the model knows."""
        return self.logits.shape[1]

    @cached_property
    def predicted(self) -> Tensor:
        """(n,) index of the largest logit, the lowest one of several equal."""
        return self.logits.argmax(dim=1)

    @cached_property
    def log_probabilities(self) -> Tensor:
        """(n, k) log-softmax of the logits in float64."""
        return torch.log_softmax(self.logits.to(torch.float64), dim=1)

    def classes(self, basis: ClassBasis) -> Tensor | None:
        """(n,) class of each sample by `basis`; None where labels are asked for and there are none."""
        return self.predicted if basis is ClassBasis.PREDICTED else self.labels


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


def _check_matrix(name: str, values: Tensor, wanted: str) -> None:
    if values.ndim != 2 or values.shape[1] == 0:
        raise WrongShape(f"{name}: shape {tuple(values.shape)}; give {wanted}")
    if not values.is_floating_point():
        raise WrongShape(f"{name}: type {values.dtype}; give {wanted} in floating point")


def _check_labels(labels: Tensor, n: int, k: int) -> None:
    if labels.shape != (n,):
        raise WrongShape(
            f"labels: shape {tuple(labels.shape)} for {n} samples; give ({n},), one class index per sample"
        )
    if labels.dtype != torch.int64:
        raise LabelsNotIntegers(f"labels: type {labels.dtype}; give int64 class indices")
    if n and bool(((labels < 0) | (labels >= k)).any()):
        odd = int(labels[(labels < 0) | (labels >= k)][0])
        raise LabelsOutOfRange(f"labels: {odd} is outside 0..{k - 1}; the model has {k} outputs, numbered from 0")
