"""How much each of several models counts in what is said of one situation.

A model that learnt from scores knows the kinds of shift that it saw. Where a situation is unlike all of them it doesn't
know that it knows nothing: a new task looks like a shift that is easily undone. So the further away the nearest record
is, the more those models count that claim less. It must not know which these are.
"""

from dataclasses import dataclass

import numpy as np

from modelreuse.costs.abstaining import FAR
from modelreuse.costs.outlook import PARTS
from modelreuse.costs.student import Array

HALFWAY = FAR / 2
"""Root mean square distance to the nearest record, in standard deviations of the features, at which what is far counts
as much as what is near.
"""


@dataclass(frozen=True)
class Weights:
    """Of k models in what is said of each of `outlook.PARTS`. near: (3, k) where a record is just like the situation;
    far: (3, k) where none is like it at all. Each row adds up to 1.
    """

    near: Array
    far: Array

    @classmethod
    def only(cls, model: int, count: int) -> "Weights":
        """Of `count` models this one, everywhere."""
        row = np.zeros((len(PARTS), count))
        row[:, model] = 1
        return cls(row, row)

    def at(self, distance: Array) -> Array:
        """(3, k, n) weights for n situations, the nearest record of each being so far away."""
        far = distance**2 / (distance**2 + HALFWAY**2)
        return self.near[:, :, None] * (1 - far) + self.far[:, :, None] * far


def to_nearest(places: Array, records: Array) -> Array:
    """(n,) root mean square distance of places (n, f) to the nearest of the records (m, f) each; 0 without features."""
    if not places.shape[1]:
        return np.zeros(len(places))
    away = np.array([((records - place) ** 2).mean(axis=1).min() for place in places])
    return np.asarray(np.sqrt(away), dtype=np.float64)
