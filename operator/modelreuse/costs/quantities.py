"""Positive figures with an interval and a basis, and the arithmetic that keeps both honest."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from operator import add, mul
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from modelreuse.api import Basis, Range, decimal

DRAWS = 1000
"""Equally likely values that stand for a distribution."""

_FROM_FIRM_TO_LOOSE = (Basis.MEASURED, Basis.ESTIMATED, Basis.REPORTED, Basis.ASSUMED)
"""What a requester's own pods claim is never firmer than our own estimate, and still more than a guess."""


def weaker(one: Basis, other: Basis) -> Basis:
    """The basis of a figure computed from two: that of the less certain."""
    return max(one, other, key=_FROM_FIRM_TO_LOOSE.index)


def _together(one: float | None, other: float | None, combine: Callable[[float, float], float]) -> float | None:
    """Of two points; without one of them there is none."""
    return None if one is None or other is None else combine(one, other)


@dataclass(frozen=True)
class Interval:
    """A figure that is not negative: `low <= estimate <= high`, in whatever unit its holder says."""

    low: float
    high: float
    basis: Basis
    estimate: float | None = None

    def __post_init__(self) -> None:
        middle = self.low if self.estimate is None else self.estimate
        if not 0 <= self.low <= middle <= self.high:
            raise ValueError(f"not an interval: {self.low} <= {self.estimate} <= {self.high}")

    @classmethod
    def exact(cls, value: float, basis: Basis) -> "Interval":
        """A figure without spread."""
        return cls(value, value, basis, value)

    @classmethod
    def within_factor(cls, value: float, factor: float, basis: Basis) -> "Interval":
        """From `value / factor` to `value * factor`."""
        return cls(value / factor, value * factor, basis, value)

    def times(self, other: "Interval") -> "Interval":
        """The product; its ends are those of the worst case, so no independence is assumed."""
        estimate = _together(self.estimate, other.estimate, mul)
        return Interval(self.low * other.low, self.high * other.high, weaker(self.basis, other.basis), estimate)

    def plus(self, other: "Interval") -> "Interval":
        """The sum."""
        estimate = _together(self.estimate, other.estimate, add)
        return Interval(self.low + other.low, self.high + other.high, weaker(self.basis, other.basis), estimate)

    def scaled(self, factor: float) -> "Interval":
        """The figure in another unit."""
        return replace(
            self,
            low=self.low * factor,
            high=self.high * factor,
            estimate=None if self.estimate is None else self.estimate * factor,
        )

    def central(self, _: float) -> "Interval":
        """Itself: the worst case leaves nothing out."""
        return self

    def drawn(self, random: np.random.Generator) -> "Draws":
        """Values between the ends, all factors equally likely: nothing says which are likelier."""
        share = random.permutation((np.arange(DRAWS) + 0.5) / DRAWS)
        if self.low > 0:
            values = np.exp(np.log(self.low) + share * (np.log(self.high) - np.log(self.low)))
        else:
            values = self.low + (self.high - self.low) * share
        return Draws(values, self.basis, self.estimate)

    def to_api(self) -> Range:
        """As it stands in status."""
        return Range(
            low=decimal(self.low),
            high=decimal(self.high),
            estimate=None if self.estimate is None else decimal(self.estimate),
            basis=self.basis,
        )


@dataclass(frozen=True, eq=False)
class Draws:
    """A figure that is not negative, as equally likely values, (DRAWS,).

    Values at one place belong together, so what is computed from two figures keeps what they have in common.
    """

    values: NDArray[np.float64]
    basis: Basis
    estimate: float | None = None

    def times(self, other: "Draws") -> "Draws":
        """The product, value by value."""
        estimate = _together(self.estimate, other.estimate, mul)
        return Draws(self.values * other.values, weaker(self.basis, other.basis), estimate)

    def plus(self, other: "Draws") -> "Draws":
        """The sum, value by value."""
        estimate = _together(self.estimate, other.estimate, add)
        return Draws(self.values + other.values, weaker(self.basis, other.basis), estimate)

    def scaled(self, factor: float) -> "Draws":
        """The figure in another unit."""
        estimate = None if self.estimate is None else self.estimate * factor
        return Draws(self.values * factor, self.basis, estimate)

    def central(self, level: float) -> Interval:
        """The interval that leaves out equally many values at either end; it holds the estimate."""
        low, high = (float(end) for end in np.quantile(self.values, [(1 - level) / 2, (1 + level) / 2]))
        estimate = None if self.estimate is None else min(max(self.estimate, low), high)
        return Interval(low, high, self.basis, estimate)


Quantity = TypeVar("Quantity", Interval, Draws)
