"""Four distances between two histograms on one grid, per channel, per layer.

W1 in reference standard deviations, and Bhattacharyya, Jensen-Shannon and Kullback-Leibler on bins twice as wide:
those that PreIndex (arXiv 2408.01446) averages and ARM (2405.09600) takes the first of. The published code gives W1 the
histogram's heights as if they were values, and each histogram its own range; here both sides share one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final

import torch
from torch import Tensor

from modelreuse.scores.dyadic_grid import BINS
from modelreuse.scores.layer_histograms import PART_CHANNELS, LayerHistograms
from modelreuse.scores.replicates import HALVES, LEFT_OUT, MINIMUM_SAMPLES, noise_ratio
from modelreuse.scores.sketch import Sketches

KINDS: Final = ("wasserstein", "bhattacharyya", "jensen_shannon", "kullback_leibler")
SMALLEST_STD: Final = 0.05
"""Of the layer's standard deviation: the least that a channel's is taken for."""


@dataclass(frozen=True)
class LayerDistance:
    """Of one layer. For each kind, in the order of KINDS, the mean over channels.

    raw: (4,). null: (4,), what unmoved data of these sizes would show, None where the reference is too small to halve.
    left_out: (parts, 4), the raw figures of PART_CHANNELS channels with each part of the samples left out.
    """

    name: str
    channels: int
    raw: Tensor
    null: Tensor | None
    left_out: Tensor


def layer_distances(reference: Sketches, new: Sketches) -> list[LayerDistance]:
    """Every layer that varies in the reference, in order; a layer of constants has no unit to measure in."""
    return new.once(KINDS, lambda: [layer for layer in _each(reference, new) if layer is not None])


def constant_layers(reference: Sketches) -> list[str]:
    """Names of layers without any variation over the reference."""
    layers = reference.of(LayerHistograms).layers
    return [name for (name, _), unit in zip(layers, _units(reference), strict=True) if not bool(unit.any())]


def _each(reference: Sketches, new: Sketches) -> Iterator[LayerDistance | None]:
    """Layer by layer, so that a wide model's histograms are never all in float64 at once."""
    then, now = reference.of(LayerHistograms), new.of(LayerHistograms)
    assert then.grid is not None
    n, m = then.samples.cpu(), now.samples.cpu()
    ratio = noise_ratio(float(n.sum()), float(m.sum()))
    scale = torch.tensor([ratio**0.5, ratio, ratio, ratio], dtype=torch.float64)
    width, low = then.grid.width.cpu(), then.grid.start.cpu()
    halves = HALVES[((HALVES @ n) >= MINIMUM_SAMPLES // 2).all(dim=1)]
    rests = LEFT_OUT[(LEFT_OUT @ n > 0) & (LEFT_OUT @ m > 0)]
    start = part = 0
    for (name, channels), unit in zip(then.layers, _units(reference), strict=True):
        rows, some = slice(start, start + channels), slice(part, part + min(channels, PART_CHANNELS))
        start, part = rows.stop, some.stop
        if not bool(unit.any()):
            yield None
            continue
        steps = width[rows] / unit
        means = [_positions(side.means(rows), low[rows], width[rows]) for side in (then, now)]
        old = _Counts(then.counts[rows].cpu().double(), n.sum(), means=means[0])
        fresh = _Counts(now.counts[rows].cpu().double(), m.sum(), now.excess(rows) / unit, means[1])
        own = then.part_channels.cpu()[some] - rows.start
        # Nulls and replicates need no more digits than float32 has; whole counts below 2**24 are exact in it.
        old_parts, new_parts = then.parts[:, some].cpu().float(), now.parts[:, some].cpu().float()
        beyond = now.part_excess[:, some].cpu() / unit[own]
        sides = [_Counts(_union(split, old_parts), split @ n) for split in (halves[:, 0], halves[:, 1])]
        left_out = _distances(
            _Counts(_union(rests, old_parts), rests @ n),
            _Counts(_union(rests, new_parts), rests @ m, rests @ beyond),
            steps[own],
        )
        null = _distances(sides[0], sides[1], steps[own]).mean(dim=0) * scale if len(halves) else None
        yield LayerDistance(name, channels, _distances(old, fresh, steps), null, left_out)


def _positions(means: Tensor, start: Tensor, width: Tensor) -> Tensor:
    """(c, CELLS) where in its bin, in [0, 1], each mean value lies; start, width: (c,) of the bins."""
    edges = torch.arange(-1, BINS + 1, dtype=torch.float64)
    return ((means - start[:, None]) / width[:, None] - edges).clamp(0, 1)


def _union(parts: Tensor, counts: Tensor) -> Tensor:
    """(..., c, CELLS) counts of some of the parts, (..., GROUPS) ones, from (GROUPS, c, CELLS)."""
    union: Tensor = torch.tensordot(parts.to(counts.dtype), counts, dims=1)
    return union


def _units(reference: Sketches) -> list[Tensor]:
    """What distances of each layer's channels are measured in; zeros for a layer without variation."""
    then = reference.of(LayerHistograms)
    edges = [0, *accumulate(channels for _, channels in then.layers)]
    return reference.once(_unit, lambda: [_unit(then, slice(*rows)) for rows in pairwise(edges)])


def _unit(then: LayerHistograms, rows: slice) -> Tensor:
    """(c,) standard deviation of each channel over the reference, at least SMALLEST_STD of the layer's.

    From the histogram: between the means of the bins, and inside each as an even spread has it, less where the mean is
    near an edge (a twelfth of the squared width in the middle of a bin, nothing where all values lie on its edge).
    """
    assert then.grid is not None
    counts, means = then.counts[rows].cpu().double(), then.means(rows)
    samples = counts.sum(dim=1, keepdim=True)
    mean = (counts * means).sum(dim=1, keepdim=True) / samples
    variance = (counts * (means - mean).square()).sum(dim=1) / samples[:, 0]
    width = then.grid.width.cpu()[rows]
    place = _positions(means, then.grid.start.cpu()[rows], width)
    variance += (counts * place * (1 - place) / 3).sum(dim=1) / samples[:, 0] * width.square()
    # What is below the rounding of single precision is no variation.
    variance[variance <= 1e-12 * mean[:, 0].square()] = 0
    layer = variance.mean().sqrt()
    return variance.sqrt().clamp(min=SMALLEST_STD * float(layer))


class _Counts:
    """Histograms (..., c, CELLS) of (...) samples; (..., c) sum of what lies beyond the grid, in units.

    means: (c, CELLS) mean position inside each bin, in [0, 1]; None takes the middle.
    """

    def __init__(
        self, counts: Tensor, samples: Tensor, excess: Tensor | None = None, means: Tensor | None = None
    ) -> None:
        self.samples = samples.to(counts.dtype)[..., None]
        self.shares = counts / self.samples[..., None]
        self.excess = counts.new_zeros(()) if excess is None else excess / self.samples
        self.means = means

    def merged(self) -> Tensor:
        """(..., c, cells) densities on bins twice as wide, half a sample added to each: 64 at most, as published."""
        inner = self.shares[..., 1:-1:2] + self.shares[..., 2:-1:2]
        cells = torch.cat([self.shares[..., :1], inner, self.shares[..., -1:]], dim=-1)
        half = 0.5 / self.samples[..., None]
        return (cells + half) / (1 + half * cells.shape[-1])

    def inside(self) -> Tensor:
        """(..., c, BINS) integral over each bin of the share of samples that lie below and in it, in bins."""
        shares = self.shares[..., 1:-1]
        return shares / 2 if self.means is None else shares * (1 - self.means[..., 1:-1])


def _distances(old: _Counts, new: _Counts, steps: Tensor) -> Tensor:
    """(..., 4) means over channels, in the order of KINDS. steps: (c,) width of the bins in units."""
    p, q = old.merged(), new.merged()
    middle = (p + q) / 2
    logs = p.log(), q.log(), middle.log()
    per_channel = (
        wasserstein(old, new, steps),
        -(p * q).sqrt().sum(dim=-1).clamp(max=1).log(),
        (p * (logs[0] - logs[2]) + q * (logs[1] - logs[2])).sum(dim=-1) / (2 * math.log(2)),
        (p * (logs[0] - logs[1])).sum(dim=-1),
    )
    return torch.stack([values.mean(dim=-1) for values in per_channel], dim=-1)


def wasserstein(old: _Counts, new: _Counts, steps: Tensor) -> Tensor:
    """(..., c) integral of the distance of the distribution functions, in units.

    Where the two don't cross inside a bin, the integral over it follows exactly from the means there; where they do,
    both are taken as straight. Beyond the grid's ends the reference has nothing, and the integral is the mean excess of
    the new data.
    """
    gap = (old.shares - new.shares).cumsum(dim=-1)[..., :-1]
    left, right = gap[..., :-1], gap[..., 1:]
    straight = (left.square() + right.square()) / (left.abs() + right.abs()).clamp(min=1e-300) / 2
    area = torch.where(left * right < 0, straight, (left + old.inside() - new.inside()).abs())
    return area.sum(dim=-1) * steps + new.excess
