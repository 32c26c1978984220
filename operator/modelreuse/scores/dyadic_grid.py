"""Histogram bins that fit what they have seen and still add up exactly, whatever was seen first.

Each channel has BINS bins whose width is a power of two and whose edges are multiples of it. Which power and where the
bins begin is a function of the smallest and the largest value alone, so two shards, or the same samples in another
order, end on the same grid; a coarser grid takes in a finer one without splitting any bin. It must not know what is
counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

BINS: Final = 128
CELLS: Final = BINS + 2
"""Bins, and one for all below and one for all above."""
MOST_CHANNELS: Final = 2**24 // CELLS
"""Cells of this many channels can be numbered exactly in float32."""
_STEP: Final = BINS // 8
"""First bins are multiples of this, so that a slightly smaller value seldom moves the grid."""
_DIGITS: Final = 20
"""Bins are no finer than 2**-20 of the largest magnitude: a constant channel needs a width too."""
_FINEST: Final = -100


@dataclass(frozen=True)
class Grid:
    """Of c channels: low, high (c,) float64 extremes; exponent (c,) int64 of the width; first (c,) int64 bin."""

    low: Tensor
    high: Tensor
    exponent: Tensor
    first: Tensor

    @staticmethod
    def of(low: Tensor, high: Tensor) -> Grid:
        """The finest grid that holds all values between low and high, (c,) each."""
        low, high = low.to(torch.float64), high.to(torch.float64)
        largest = _exponent(torch.maximum(low.abs(), high.abs())) - _DIGITS
        exponent = torch.maximum(_exponent(high / BINS - low / BINS), largest)
        first = _first(low, exponent)
        exponent = exponent + (_cell(high, exponent) >= first + BINS)
        return Grid(low, high, exponent, _first(low, exponent))

    @property
    def width(self) -> Tensor:
        """(c,) float64 width of the bins."""
        return power_of_two(self.exponent)

    @property
    def start(self) -> Tensor:
        """(c,) float64 lower edge of the first bin."""
        return self.first * self.width

    @property
    def end(self) -> Tensor:
        """(c,) float64 upper edge of the last bin."""
        return (self.first + BINS) * self.width

    def to(self, device: torch.device) -> Grid:
        """On that device."""
        return Grid(*(values.to(device) for values in (self.low, self.high, self.exponent, self.first)))

    def take(self, channels: Tensor) -> Grid:
        """Of some of the channels."""
        return Grid(self.low[channels], self.high[channels], self.exponent[channels], self.first[channels])

    def block(self, channels: slice) -> Grid:
        """Of some neighbouring channels."""
        return Grid(self.low[channels], self.high[channels], self.exponent[channels], self.first[channels])

    def cells(self, values: Tensor) -> Tensor:
        """(m, c) int64: the cell of each of (m, c) values, those of channel i in [i CELLS, (i + 1) CELLS).

        c is at most MOST_CHANNELS.
        """
        scaled = (values * power_of_two(-self.exponent).to(values.dtype)).floor_()
        rows = torch.arange(0, values.shape[1] * CELLS, CELLS, device=values.device)
        scaled.sub_((self.first - 1).to(values.dtype)).clamp_(0, CELLS - 1).add_(rows)
        # By way of int32, which takes half the time on a CPU.
        return scaled.to(torch.int32).to(torch.int64)

    def leaves_out(self, low: Tensor, high: Tensor) -> bool:
        """Whether any value between low and high, (c,) each, lies beyond the grid's ends."""
        return bool(((low < self.start) | (high >= self.end)).any())

    def excess(self, values: Tensor) -> Tensor:
        """(m, c): how far each of (m, c) values lies beyond the grid's ends, 0 inside."""
        low, high = self.start.to(values.dtype), self.end.to(values.dtype)
        return torch.maximum(low - values, values - high).clamp_(min=0)


def regridded(counts: Tensor, old: Grid, new: Grid) -> Tensor:
    """Counts (..., c, CELLS) on a grid of c channels, brought onto an equal or coarser one that holds all of it."""
    changed = ((old.exponent != new.exponent) | (old.first != new.first)).nonzero()[:, 0]
    if not len(changed):
        return counts
    shift = (new.exponent - old.exponent)[changed].clamp(max=62)
    cells = old.first[changed][:, None] + torch.arange(BINS, device=counts.device)
    target = (cells >> shift[:, None]) - new.first[changed][:, None]
    # Bins beyond the new grid are empty: it holds every value that was counted.
    target = target.clamp_(0, BINS - 1) + 1
    before = counts[..., changed, 1:-1]
    moved = torch.zeros_like(counts[..., changed, :])
    moved.scatter_add_(-1, target.expand(before.shape), before)
    counts[..., changed, :] = moved
    return counts


def _exponent(values: Tensor) -> Tensor:
    """Whole numbers e, at least _FINEST, with values (not negative) in [2**(e - 1), 2**e)."""
    exponent = torch.frexp(values).exponent.to(torch.int64)
    return torch.where(values > 0, exponent, _FINEST).clamp_(min=_FINEST)


def power_of_two(exponent: Tensor) -> Tensor:
    """float64 2**exponent for whole numbers in [-1022, 1023], from its bits: pow is not exact everywhere."""
    return ((exponent + 1023) << 52).view(torch.float64)


def _cell(values: Tensor, exponent: Tensor) -> Tensor:
    return (values * power_of_two(-exponent)).floor().to(torch.int64)


def _first(low: Tensor, exponent: Tensor) -> Tensor:
    return torch.div(_cell(low, exponent), _STEP, rounding_mode="floor") * _STEP
