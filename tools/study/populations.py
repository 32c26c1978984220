"""Which classes occur, how often, and under which names: label shifts and new tasks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from study.seeds import numpy_random
from study.shifts import LONG_TAIL, MISSING_CLASSES, NEW_CLASSES, PERMUTED_LABELS, Shift


@dataclass(frozen=True)
class Population:
    """The classes as new data have them.

    frequencies: (k,) how often each occurs relative to the others, None where that is left as it is. names: (k,) the
    label that each class bears. known: (k,) whether the model to be reused was trained on it.
    """

    frequencies: NDArray[np.float64] | None
    names: NDArray[np.int64]
    known: NDArray[np.bool_]


def population(shift: Shift, strength: float, data_set: str, classes: int, seed: int) -> Population:
    """What a shift of this strength makes of the classes; which classes it meets is the seed's choice.

    The classes that a weaker shift meets are among those that a stronger one does.
    """
    order = numpy_random("classes", data_set, shift.name, seed).permutation(classes)
    frequencies = None
    names = np.arange(classes)
    known = np.ones(classes, dtype=bool)
    count = round(strength * classes)
    if shift.name == LONG_TAIL:
        frequencies = np.empty(classes)
        frequencies[order] = strength ** np.arange(classes)
    elif shift.name == MISSING_CLASSES:
        frequencies = np.ones(classes)
        frequencies[order[:count]] = 0.0
    elif shift.name == NEW_CLASSES:
        known[order[: max(1, count)]] = False
    elif shift.name == PERMUTED_LABELS:
        met = order[: max(2, count)]
        names[met] = np.roll(met, 1)
    return Population(frequencies, names, known)


def drawn(
    labels: NDArray[np.int64], frequencies: NDArray[np.float64] | None, wanted: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """Positions of at most `wanted` samples, without repetition, whose classes occur in these frequencies.

    Where a class has too few samples the result is as much smaller as keeps the frequencies.
    """
    order = random.permutation(len(labels))
    if frequencies is None:
        return order[:wanted]
    shares = frequencies / frequencies.sum()
    there = np.bincount(labels, minlength=len(shares))
    occur = shares > 0
    total = min(float(wanted), float((there[occur] / shares[occur]).min()))
    quota = np.floor(shares * total + 1e-9).astype(np.int64)
    rank = np.empty(len(labels), dtype=np.int64)
    for kind in range(len(shares)):
        of_kind = order[labels[order] == kind]
        rank[of_kind] = np.arange(len(of_kind))
    chosen: NDArray[np.int64] = order[rank[order] < quota[labels[order]]]
    return chosen
