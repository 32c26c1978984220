"""Which synthetic shifts there are for which data, and how strong each is: fixed before any result is known.

A mechanism is what a record calls `mechanism`: records of one kind are held out together when predictions are judged,
so what is alike has one name. A new mechanism is one function and one line.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from modelreuse.calibration import pictures, tables
from modelreuse.calibration.samples import Samples

Shift = Callable[[Samples, float, Generator], Samples]

SEVERITIES = (1, 2, 3)


@dataclass(frozen=True)
class Mechanism:
    """A kind of shift. strengths: by severity, growing; what they measure, the function says."""

    name: str
    shift: Shift
    strengths: tuple[float, float, float]

    def shifted(self, samples: Samples, severity: int, seed: int) -> Samples:
        """The samples after it; the same seed draws the same."""
        random = np.random.default_rng([seed, severity, *self.name.encode()])
        return self.shift(samples, self.strengths[severity - 1], random)


def on_pictures(sight: pictures.Sight) -> Shift:
    """A shift of every input that is pictures."""

    def shift(samples: Samples, strength: float, random: Generator) -> Samples:
        chosen = {name: values for name, values in samples.inputs.items() if pictures.are_pictures(values)}
        return samples.seen_as({n: pictures.through(sight, each, strength, random) for n, each in chosen.items()})

    return shift


def on_tables(reading: tables.Reading) -> Shift:
    """A shift of every input of floating-point columns."""

    def shift(samples: Samples, strength: float, random: Generator) -> Samples:
        chosen = {name: values for name, values in samples.inputs.items() if tables.are_table(values)}
        return samples.seen_as({n: tables.through(reading, each, strength, random) for n, each in chosen.items()})

    return shift


def label_shift(samples: Samples, lost: float, random: Generator) -> Samples:
    """Half of the classes, by lot, lose that share of their weight; each part keeps its number of samples.

    Samples of the other classes come more than once instead: a number of samples that went with the severity would pass
    for a cause of the steps.
    """
    classes = np.unique(samples.labels)
    rare = random.permutation(classes)[: len(classes) // 2]
    weights = np.where(np.isin(samples.labels, rare), 1 - lost, 1.0)
    by_class = np.lexsort((random.random(len(weights)), samples.labels))
    parts = (by_class[~samples.held_out[by_class]], by_class[samples.held_out[by_class]])
    return samples.picked(random.permutation(np.concatenate([_drawn(weights, rows, random) for rows in parts])))


def _drawn(weights: NDArray[np.float64], rows: NDArray[np.intp], random: Generator) -> NDArray[np.intp]:
    """As many of these rows as there are, in proportion to their weights (systematic sampling)."""
    ends = np.cumsum(weights[rows])
    marks = (np.arange(len(rows)) + random.random()) / len(rows) * ends[-1]
    return np.asarray(rows[np.searchsorted(ends, marks, side="right").clip(max=len(rows) - 1)])


_LABEL_SHIFT = Mechanism("label-shift", label_shift, (0.5, 0.75, 0.9))

OF_PICTURES = (
    Mechanism("noise", on_pictures(pictures.noise), (0.15, 0.3, 0.5)),
    Mechanism("blur", on_pictures(pictures.blur), (0.04, 0.07, 0.1)),
    Mechanism("gain", on_pictures(pictures.gain), (0.5, 0.7, 0.85)),
    Mechanism("offset", on_pictures(pictures.offset), (0.2, 0.4, 0.6)),
    Mechanism("occlusion", on_pictures(pictures.occlusion), (0.25, 0.4, 0.55)),
    Mechanism("dead-columns", on_pictures(pictures.dead_columns), (0.15, 0.3, 0.5)),
    Mechanism("translation", on_pictures(pictures.translation), (0.08, 0.15, 0.22)),
    _LABEL_SHIFT,
)
OF_TABLES = (
    Mechanism("noise", on_tables(tables.noise), (0.3, 0.7, 1.5)),
    Mechanism("gain", on_tables(tables.gain), (0.5, 1.0, 2.0)),
    Mechanism("offset", on_tables(tables.offset), (0.5, 1.0, 2.0)),
    Mechanism("dropped-inputs", on_tables(tables.dropped_inputs), (0.15, 0.3, 0.5)),
    _LABEL_SHIFT,
)


def mechanisms_for(samples: Samples) -> Mapping[str, Mechanism]:
    """Those that can happen to these samples, by name: to pictures, where there are some, else to columns."""
    inputs = samples.inputs.values()
    found: tuple[Mechanism, ...]
    if any(pictures.are_pictures(values) for values in inputs):
        found = OF_PICTURES
    elif any(tables.are_table(values) for values in inputs):
        found = OF_TABLES
    else:
        found = (_LABEL_SHIFT,)
    return MappingProxyType({mechanism.name: mechanism for mechanism in found})
