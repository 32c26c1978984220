"""The small interface that every score implements, and the one kind of memory that it may use.

A sketch is a handful of named sums over samples. Sums do not grow with the number of samples, do not depend on their
order, and those of two shards add up to those of the whole, so merging, caching and distribution need no code per
score. Sums are float64 (counts too: exact up to 2**53) and stay on the device that the observations are on.

A score has two stages, because new data can only be judged once the reference is known: a `Reference` watches the
reference data, `Reference.score()` gives an empty `Score`, which watches the new data. This module must not know which
scores exist.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modelreuse.scores.errors import WrongShape
from modelreuse.scores.observation import Observation
from modelreuse.scores.result import ScoreResult

Arrays = dict[str, NDArray[np.float64]]


class Sketch(ABC):
    """Named sums over the samples seen so far."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}

    @abstractmethod
    def observe(self, observation: Observation) -> None:
        """Add one batch by calls of `add` and `count`; runs without gradients."""

    def update(self, observation: Observation) -> None:
        """See one batch; an empty one changes nothing. Raises WrongShape if k or d differ from earlier batches."""
        if observation.samples:
            with torch.inference_mode():
                self.observe(observation)

    def merge(self, other: Self) -> None:
        """Add what another sketch of the same kind has seen, as if this one had seen it too.

        Raises TypeError for another kind, WrongShape if the number of classes or the embedding's size differ.
        """
        if type(other) is not type(self):
            raise TypeError(f"a {type(self).__name__} cannot take in a {type(other).__name__}")
        with torch.inference_mode():
            for name, values in other._sums.items():
                self.add(name, values.clone())

    def to_arrays(self) -> Arrays:
        """The sums as float64 numpy arrays by name, for a file; empty before the first batch."""
        return {name: values.cpu().numpy().copy() for name, values in self._sums.items()}

    def merge_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Add what `to_arrays` gave; into an empty sketch of the same kind this restores it. Raises WrongShape."""
        with torch.inference_mode():
            for name, values in arrays.items():
                self.add(name, torch.tensor(values, dtype=torch.float64))

    def add(self, name: str, values: Tensor) -> None:
        """Add float64 `values` to the sum `name`; the sum keeps `values` where it is the first, so pass a fresh one."""
        known = self._sums.get(name)
        if known is None:
            self._sums[name] = values
        elif known.shape != values.shape:
            raise WrongShape(
                f"{name}: shape {tuple(values.shape)} after {tuple(known.shape)}; all batches of both data sets must "
                "come from one model and one layer"
            )
        else:
            known += values.to(known.device)

    def add_rows(self, name: str, index: Tensor, rows: Tensor, size: int) -> None:
        """Add each of `rows` (n, ...) to the row of sum `name` (size, ...) that `index` (n,) names."""
        if name not in self._sums:
            self._sums[name] = torch.zeros((size, *rows.shape[1:]), dtype=torch.float64, device=rows.device)
        known = self._sums[name]
        if known.shape != (size, *rows.shape[1:]):
            self.add(name, torch.empty((size, *rows.shape[1:])))
        known.index_add_(0, index.to(known.device), rows.to(known.device, torch.float64))

    def add_counts(self, name: str, index: Tensor, size: int) -> None:
        """Count each of `index` (n,), whole numbers in [0, size), in the sum `name` (size,)."""
        self.add(name, torch.bincount(index, minlength=size).to(torch.float64))

    def total(self, name: str, shape: tuple[int, ...] = ()) -> Tensor:
        """The sum `name` on the CPU, zeros of `shape` where nothing was added yet. Don't change it in place."""
        known = self._sums.get(name)
        return torch.zeros(shape, dtype=torch.float64) if known is None else known.cpu()

    def shape(self, name: str) -> tuple[int, ...] | None:
        """The shape of the sum `name`, None where nothing was added yet; unlike `total` it copies nothing."""
        known = self._sums.get(name)
        return None if known is None else tuple(known.shape)

    def holds(self, name: str) -> bool:
        """Whether anything was added to the sum `name`."""
        return name in self._sums


class Score(Sketch):
    """Sees new data, knows the reference."""

    @abstractmethod
    def result(self) -> ScoreResult:
        """The figure, or why there is none. Pure: may be asked at any time and again after more batches."""


class Reference(Sketch):
    """Sees reference data."""

    @abstractmethod
    def score(self) -> Score:
        """An empty score that compares new data with what this has seen. Don't update the reference afterwards."""
