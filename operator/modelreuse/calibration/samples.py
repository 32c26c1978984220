"""The samples that a campaign shifts: those of the reference, divided once into two parts that share none.

One part is learnt from. On the other, shifted in the same way, a retrained model is verified: nothing that judges a
training was in it. The reference of all assessments is the site's own, as it is, with both parts in it: a sketch of
fewer samples would be of too few of a class. What is shared makes RESQUE distances up to 0.012 smaller on MNIST
(docs/decisions/017).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Mask = NDArray[np.bool_]
Rows = dict[str, Array]
"""Arrays by name, one row per sample, as a data set's file holds them."""

ONE_IN = 4
"""Of so many samples of a class one is held out."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Labelled samples.

    inputs: arrays by name, one row each. label: the name of `labels`, (n,) class indices. held_out: (n,) whether a
    sample is only looked at.
    """

    inputs: Mapping[str, Array]
    label: str
    labels: Array
    held_out: Mask

    @classmethod
    def divided(cls, inputs: Mapping[str, Array], label: str, labels: Array, seed: int) -> "Samples":
        """Those that have a label (-1 is none), every class in the same shares. The seed decides which go where."""
        known = labels >= 0
        labels = labels[known]
        order = np.lexsort((np.random.default_rng(seed).random(len(labels)), labels))
        held_out = np.zeros(len(labels), dtype=np.bool_)
        held_out[order[ONE_IN - 1 :: ONE_IN]] = True
        return cls({name: values[known] for name, values in inputs.items()}, label, labels, held_out)

    @property
    def to_learn(self) -> int:
        """How many are learnt from."""
        return len(self.labels) - self.to_evaluate

    @property
    def to_evaluate(self) -> int:
        """How many are held out."""
        return int(self.held_out.sum())

    @property
    def learning(self) -> Rows:
        """The part that is learnt from."""
        return self._rows(~self.held_out)

    @property
    def evaluation(self) -> Rows:
        """The part that is only looked at."""
        return self._rows(self.held_out)

    def seen_as(self, inputs: Mapping[str, Array]) -> "Samples":
        """The same samples with other arrays in place of some."""
        return replace(self, inputs={**self.inputs, **inputs})

    def picked(self, rows: NDArray[np.intp]) -> "Samples":
        """These rows, as often and in the order as they are named; each stays in its part."""
        inputs = {name: values[rows] for name, values in self.inputs.items()}
        return replace(self, inputs=inputs, labels=self.labels[rows], held_out=self.held_out[rows])

    def _rows(self, chosen: Mask) -> Rows:
        return {**{name: values[chosen] for name, values in self.inputs.items()}, self.label: self.labels[chosen]}
