"""What is counted of a data set beside its scores, and what the model that saw it looks like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from typing_extensions import override

from modelreuse.scores.chunk import Chunk
from modelreuse.scores.errors import WrongShape
from modelreuse.scores.sketch import Arrays, Sketches, Sums


@dataclass(frozen=True)
class DataSummary:
    """How much of a data set was seen: samples, those of them with labels, and batches that were not empty."""

    samples: int
    labelled: int
    batches: int


class Census(Sums):
    """Samples, batches, and how often each class was predicted and given; 16 (k + 2) bytes.

    shape: (k, d), outputs (0 without classes) and size of the embedding; None before the first sample.
    """

    name: ClassVar[str] = "census"

    def __init__(self, reference: Sketches | None = None) -> None:
        super().__init__(reference)
        self.shape: tuple[int, int] | None = None

    @override
    def update(self, chunk: Chunk) -> None:
        self._take(chunk.outputs, chunk.embedding.shape[1])
        self.add("samples", torch.tensor(float(chunk.samples), dtype=torch.float64))
        self.add("batches", torch.tensor(float(chunk.batches), dtype=torch.float64))
        if chunk.predicted is not None:
            self.add_counts("predicted", chunk.predicted, chunk.outputs)
        if chunk.labelled is not None:
            self.add_counts("labels", chunk.labelled.classes, chunk.outputs)

    @override
    def to_arrays(self) -> Arrays:
        arrays = super().to_arrays()
        return arrays if self.shape is None else {**arrays, "shape": np.array(self.shape, dtype=np.int64)}

    @override
    def merge_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        if "shape" in arrays:
            self._take(*(int(size) for size in arrays["shape"]))
        super().merge_arrays({name: values for name, values in arrays.items() if name != "shape"})

    def _take(self, outputs: int, size: int) -> None:
        if self.shape is None:
            self.shape = outputs, size
        elif self.shape != (outputs, size):
            raise WrongShape(
                f"{outputs} classes and embeddings of {size} numbers after {self.shape[0]} and {self.shape[1]}; all "
                "batches must come from one model and one layer"
            )

    @property
    def samples(self) -> int:
        """Samples seen."""
        return int(self.total("samples"))

    def summary(self) -> DataSummary:
        """Totals over all classes."""
        return DataSummary(self.samples, int(self.total("labels").sum()), int(self.total("batches")))

    def predictions(self) -> Tensor:
        """(k,) samples of each predicted class."""
        return self.total("predicted", (self.shape[0] if self.shape else 0,))

    def one_class(self) -> str | None:
        """A sentence if all samples are of one class (by label, or as predicted where none has a label), else None."""
        counts = self.total("labels") if self.holds("labels") else self.predictions()
        if int((counts > 0).sum()) != 1:
            return None
        samples, only = int(counts.sum()), int(counts.argmax())
        if self.holds("labels"):
            return f"all {samples} labels are class {only}; give samples of at least 2 classes"
        return f"the model calls all {samples} samples class {only}; give samples of at least 2 classes"
