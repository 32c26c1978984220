"""Positive figures with an interval and a basis, and the arithmetic that keeps both honest."""

from dataclasses import dataclass, replace

from modelreuse.api import Basis, Range, decimal

_FROM_FIRM_TO_LOOSE = (Basis.MEASURED, Basis.ESTIMATED, Basis.REPORTED, Basis.ASSUMED)
"""What a requester's own pods claim is never firmer than our own estimate, and still more than a guess."""


def weaker(one: Basis, other: Basis) -> Basis:
    """The basis of a figure computed from two: that of the less certain."""
    return max(one, other, key=_FROM_FIRM_TO_LOOSE.index)


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
        both = self.estimate is not None and other.estimate is not None
        return Interval(
            self.low * other.low,
            self.high * other.high,
            weaker(self.basis, other.basis),
            self.estimate * other.estimate if both else None,  # type: ignore[operator]
        )

    def plus(self, other: "Interval") -> "Interval":
        """The sum."""
        both = self.estimate is not None and other.estimate is not None
        return Interval(
            self.low + other.low,
            self.high + other.high,
            weaker(self.basis, other.basis),
            self.estimate + other.estimate if both else None,  # type: ignore[operator]
        )

    def scaled(self, factor: float) -> "Interval":
        """The figure in another unit."""
        return replace(
            self,
            low=self.low * factor,
            high=self.high * factor,
            estimate=None if self.estimate is None else self.estimate * factor,
        )

    def to_api(self) -> Range:
        """As it stands in status."""
        return Range(
            low=decimal(self.low),
            high=decimal(self.high),
            estimate=None if self.estimate is None else decimal(self.estimate),
            basis=self.basis,
        )
