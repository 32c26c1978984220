"""What can happen to tables and series: functions of floating-point columns, a strength and randomness.

Values are (n, columns, rest): a table has one value per column, a series one per time. Strengths are in standard
deviations of a column. Every column has a gain or an offset of its own, drawn once for the whole site.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Values = NDArray[np.float64]
Reading = Callable[[Values, float, Generator], Values]
"""From values, a strength and randomness to what is read instead, of the same shape."""


def noise(values: Values, deviations: float, random: Generator) -> Values:
    """Worse sensors."""
    return values + deviations * _spread(values) * random.standard_normal(values.shape)


def gain(values: Values, more: float, random: Generator) -> Values:
    """Sensors that read more than they did by that share, or less by the same factor."""
    return values * (1 + more) ** _up_or_down(values, random)


def offset(values: Values, deviations: float, random: Generator) -> Values:
    """Sensors that have moved, up or down."""
    return values + deviations * _spread(values) * _up_or_down(values, random)


def dropped_inputs(values: Values, share: float, random: Generator) -> Values:
    """That share of the columns arrives no more: their means stand there instead."""
    columns = values.shape[1]
    gone = random.permutation(columns)[: max(1, round(share * columns))]
    seen = values.copy()
    seen[:, gone] = values[:, gone].mean(axis=(0, 2), keepdims=True)
    return seen


def are_table(values: NDArray[Any]) -> bool:
    """Whether these are floating-point columns. Whole numbers may be looked up; moved they mean nothing."""
    return values.dtype.kind == "f"


def through(reading: Reading, values: NDArray[Any], strength: float, random: Generator) -> NDArray[Any]:
    """Values as they are stored, read like this; shape and type stay."""
    n, columns = len(values), values.shape[1] if values.ndim > 1 else 1
    read = reading(values.reshape(n, columns, -1).astype(np.float64), strength, random)
    return read.reshape(values.shape).astype(values.dtype)


def _spread(values: Values) -> Values:
    """(1, columns, 1) standard deviations."""
    return np.asarray(values.std(axis=(0, 2), keepdims=True))


def _up_or_down(values: Values, random: Generator) -> Values:
    """(1, columns, 1) 1 or -1."""
    return np.asarray(random.choice([-1.0, 1.0], (1, values.shape[1], 1)), dtype=np.float64)
