"""Four distances between two histograms on one grid, per channel, per layer.

W1 in reference standard deviations, and Bhattacharyya, Jensen-Shannon and Kullback-Leibler on bins four times as wide:
those that PreIndex (arXiv 2408.01446) averages and ARM (2405.09600) takes the first of. The published code gives W1 the
histogram's heights as if they were values, and each histogram its own range; here both sides share one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from modelreuse.scores.dyadic_grid import BINS
from modelreuse.scores.layer_histograms import PART_CHANNELS, LayerHistograms
from modelreuse.scores.replicates import HALVES, LEFT_OUT, MINIMUM_SAMPLES, noise_ratio
from modelreuse.scores.sketch import Sketches

KINDS: Final = ("wasserstein", "bhattacharyya", "jensen_shannon", "kullback_leibler")
MERGED: Final = 4
"""Bins of the grid that make one for the three divergences: 64 at most, as published."""
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
    then, now = reference.of(LayerHistograms), new.of(LayerHistograms)
    return new.once(KINDS, lambda: [layer for layer in _each(then, now) if layer is not None])


def constant_layers(then: LayerHistograms) -> list[str]:
    """Names of layers without any variation over the reference."""
    names, start = [], 0
    for name, channels in then.layers:
        if not bool(_unit(then, slice(start, start + channels)).any()):
            names.append(name)
        start += channels
    return names


def _each(then: LayerHistograms, now: LayerHistograms) -> Iterator[LayerDistance | None]:
    """Layer by layer, so that a wide model's histograms are never all in float64 at once."""
    assert then.grid is not None
    n, m = then.samples, now.samples
    ratio = noise_ratio(float(n.sum()), float(m.sum()))
    scale = torch.tensor([ratio**0.5, ratio, ratio, ratio], dtype=torch.float64)
    width = then.grid.width.cpu()
    n, m = n.cpu(), m.cpu()
    halves = HALVES[((HALVES @ n) >= MINIMUM_SAMPLES // 2).all(dim=1)]
    rests = LEFT_OUT[(LEFT_OUT @ n > 0) & (LEFT_OUT @ m > 0)]
    start = part = 0
    for name, channels in then.layers:
        rows, some = slice(start, start + channels), slice(part, part + min(channels, PART_CHANNELS))
        start, part = rows.stop, some.stop
        unit = _unit(then, rows)
        if not bool(unit.any()):
            yield None
            continue
        steps = width[rows] / unit
        old, new = _Counts(then.counts[rows], n.sum()), _Counts(now.counts[rows], m.sum(), now.excess[rows] / unit)
        raw = _distances(old, new, steps)
        own = then.part_channels[some].cpu() - rows.start
        old_parts, new_parts = then.parts[:, some].cpu().double(), now.parts[:, some].cpu().double()
        beyond = now.part_excess[:, some].cpu() / unit[own]
        null = [
            _distances(*(_Counts(_union(half, old_parts), half @ n) for half in split), steps[own]) for split in halves
        ]
        left_out = [
            _distances(
                _Counts(_union(rest, old_parts), rest @ n),
                _Counts(_union(rest, new_parts), rest @ m, rest @ beyond),
                steps[own],
            )
            for rest in rests
        ]
        yield LayerDistance(
            name,
            channels,
            raw,
            torch.stack(null).mean(dim=0) * scale if null else None,
            torch.stack(left_out) if left_out else torch.empty(0, 4),
        )


def _union(parts: Tensor, counts: Tensor) -> Tensor:
    """(c, CELLS) counts of some of the parts, (GROUPS,) ones, from (GROUPS, c, CELLS)."""
    return torch.tensordot(parts, counts, dims=1)


def _unit(then: LayerHistograms, rows: slice) -> Tensor:
    """(c,) standard deviation of each channel over the reference, at least SMALLEST_STD of the layer's."""
    samples = float(then.samples.sum())
    mean = then.sums[rows].cpu() / samples
    variance = (then.squares[rows].cpu() / samples - mean**2).clamp(min=0)
    # Rounding of the squares: what is below it is no variation.
    variance[variance <= 1e-12 * mean**2] = 0
    layer = variance.mean().sqrt()
    return variance.sqrt().clamp(min=SMALLEST_STD * float(layer))


class _Counts:
    """(c, CELLS) counts of `samples` samples, and the (c,) sum of what lies beyond the grid, in units."""

    def __init__(self, counts: Tensor, samples: Tensor, excess: Tensor | None = None) -> None:
        self.counts = counts.cpu().double()
        self.samples = float(samples)
        self.excess = torch.zeros(len(counts), dtype=torch.float64) if excess is None else excess.cpu()

    def merged(self) -> Tensor:
        """(c, cells) densities on MERGED times as wide bins, half a sample added to each."""
        inner = self.counts[:, 1:-1].reshape(-1, BINS // MERGED, MERGED).sum(dim=2)
        cells = torch.cat([self.counts[:, :1], inner, self.counts[:, -1:]], dim=1) + 0.5
        return cells / (self.samples + 0.5 * cells.shape[1])


def _distances(old: _Counts, new: _Counts, steps: Tensor) -> Tensor:
    """(4,) means over channels, in the order of KINDS. steps: (c,) width of the bins in units."""
    p, q = old.merged(), new.merged()
    middle = (p + q) / 2
    per_channel = (
        wasserstein(old, new, steps),
        -((p * q).sqrt().sum(dim=1).clamp(max=1).log()),
        ((p * (p / middle).log2()).sum(dim=1) + (q * (q / middle).log2()).sum(dim=1)) / 2,
        (p * (p / q).log()).sum(dim=1),
    )
    return torch.stack([values.mean() for values in per_channel])


def wasserstein(old: _Counts, new: _Counts, steps: Tensor) -> Tensor:
    """(c,) integral of the distance of the distribution functions, each linear inside a bin.

    Exact but for the shape inside a bin, beyond the grid's ends too: there the reference has nothing, and the integral
    is the mean excess of the new data.
    """
    gap = (old.counts / old.samples - new.counts / new.samples).cumsum(dim=1)[:, :-1]
    left, right = gap[:, :-1].abs(), gap[:, 1:].abs()
    crossing = gap[:, :-1] * gap[:, 1:] < 0
    area = torch.where(crossing, (left**2 + right**2) / (left + right).clamp(min=1e-300), left + right) / 2
    return area.sum(dim=1) * steps + new.excess / new.samples
