"""What is kept of a data set, and how a score is made of it.

A sketch watches one data set, keeps memory that does not grow with samples, does not depend on their order, and takes
in another one of the same kind, so merging, caching and distribution need no code per score. Nearly all are named sums;
sums are float64 (counts too: exact up to 2**53) and stay on the device that the data are on.

A score is a pure function of the reference's and the new data's sketches. It says which sketches it reads, so that
scores which need the same sums share them. This module must not know which sketches and scores exist.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, ClassVar, Self, TypeVar

import torch
from numpy.typing import NDArray
from torch import Tensor

from modelreuse.scores.chunk import Chunk
from modelreuse.scores.errors import WrongShape
from modelreuse.scores.result import ScoreResult

Arrays = dict[str, NDArray[Any]]
S = TypeVar("S", bound="Sketch")
T = TypeVar("T")


class Sketch(ABC):
    """Memory of one data set.

    reference: the reference's sketches where this one watches new data; None where it watches the reference.
    """

    name: ClassVar[str]
    """In the names of arrays."""

    def __init__(self, reference: Sketches | None = None) -> None:
        self.reference = reference

    @abstractmethod
    def update(self, chunk: Chunk) -> None:
        """See some samples; runs without gradients."""

    @abstractmethod
    def merge_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Add what `to_arrays` gave; into an empty sketch of the same kind this restores it. Raises WrongShape."""

    @abstractmethod
    def to_arrays(self) -> Arrays:
        """All that it remembers as numpy arrays by name, for a file; empty before the first sample."""

    def merge(self, other: Self) -> None:
        """Add what another sketch of the same kind has seen, as if this one had seen it too."""
        self.merge_arrays(other.to_arrays())


class Sketches:
    """The sketches of one data set by kind, each made once."""

    def __init__(self, kinds: Iterable[type[Sketch]], reference: Sketches | None = None) -> None:
        self._sketches = {kind: kind(reference) for kind in dict.fromkeys(kinds)}
        self._known: dict[Hashable, Any] = {}

    def of(self, kind: type[S]) -> S:
        """The sketch of that kind. Raises KeyError if no score asked for it."""
        sketch = self._sketches[kind]
        assert isinstance(sketch, kind)
        return sketch

    def once(self, key: Hashable, compute: Callable[[], T]) -> T:
        """What `compute` gives, computed once until more samples are seen: several scores may ask for it."""
        if key not in self._known:
            self._known[key] = compute()
        found: T = self._known[key]
        return found

    def update(self, chunk: Chunk) -> None:
        """Show the samples to every sketch."""
        self._known.clear()
        with torch.inference_mode():
            for sketch in self._sketches.values():
                sketch.update(chunk)

    def to_arrays(self) -> Arrays:
        """All sketches' arrays, named `sketch/array`."""
        return {
            f"{kind.name}/{name}": values
            for kind, sketch in self._sketches.items()
            for name, values in sketch.to_arrays().items()
        }

    def merge_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Add what `to_arrays` gave. Raises ValueError for arrays of a sketch that is not among these."""
        self._known.clear()
        parts: dict[str, Arrays] = {kind.name: {} for kind in self._sketches}
        for key, values in arrays.items():
            name, _, rest = key.partition("/")
            if name not in parts:
                raise ValueError(f"{key!r} belongs to no sketch of this pass; known: {', '.join(parts)}")
            parts[name][rest] = values
        with torch.inference_mode():
            for kind, sketch in self._sketches.items():
                if parts[kind.name]:
                    sketch.merge_arrays(parts[kind.name])


class Sums(Sketch):
    """A sketch that is a handful of named sums over samples."""

    def __init__(self, reference: Sketches | None = None) -> None:
        super().__init__(reference)
        self._sums: dict[str, Tensor] = {}

    def to_arrays(self) -> Arrays:
        """The sums as float64 arrays."""
        return {name: values.cpu().numpy().copy() for name, values in self._sums.items()}

    def merge_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Add each sum. Raises WrongShape."""
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
        """Add each of the float64 `rows` (n, ...) to the row of sum `name` (size, ...) that `index` (n,) names."""
        if name not in self._sums:
            self._sums[name] = torch.zeros((size, *rows.shape[1:]), dtype=torch.float64, device=rows.device)
        known = self._sums[name]
        if known.shape != (size, *rows.shape[1:]):
            self.add(name, torch.empty((size, *rows.shape[1:])))
        known.index_add_(0, index.to(known.device), rows.to(known.device))

    def add_counts(self, name: str, index: Tensor, size: int) -> None:
        """Count each of `index` (n,), whole numbers in [0, size), in the sum `name` (size,)."""
        self.add(name, torch.bincount(index, minlength=size).to(torch.float64))

    def total(self, name: str, shape: tuple[int, ...] = ()) -> Tensor:
        """The sum `name` on the CPU, zeros of `shape` where nothing was added yet. Don't change it in place."""
        known = self._sums.get(name)
        return torch.zeros(shape, dtype=torch.float64) if known is None else known.cpu()

    def holds(self, name: str) -> bool:
        """Whether anything was added to the sum `name`."""
        return name in self._sums


class Score(ABC):
    """One figure, or why there is none, from the sketches of reference and new data."""

    name: str
    means: str
    """One sentence: what the figure is, and which end is which."""
    reads: tuple[type[Sketch], ...]

    @abstractmethod
    def result(self, reference: Sketches, new: Sketches) -> ScoreResult:
        """The figure. Pure: may be asked at any time and again after more samples."""

    def answer(self, reference: Sketches, new: Sketches) -> ScoreResult:
        """The same, computed once while the data sets don't change."""
        return new.once((type(self), self.name), lambda: self.result(reference, new))
