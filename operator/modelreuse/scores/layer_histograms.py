"""How each channel of each tapped layer is distributed over the samples: what ARM and PreIndex compare.

One histogram per channel over all samples, with the sum of the values in each bin, and for PART_CHANNELS evenly spaced
channels of every layer one for each of the 20 parts, from which nulls and standard errors come: samples, not channels,
are what those depend on. New data are counted on the reference's grid, with the mean excess beyond its ends kept
exactly. It must not know what is compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from typing_extensions import override

from modelreuse.scores.chunk import Chunk
from modelreuse.scores.dyadic_grid import CELLS, MOST_CHANNELS, Grid, regridded
from modelreuse.scores.errors import WrongShape
from modelreuse.scores.keys import GROUPS
from modelreuse.scores.sketch import Arrays, Sketch, Sketches

PART_CHANNELS: Final = 16
TILE: Final = 2**18
"""Numbers that are binned at a time: what fits a core's cache."""
DEVICE_TILE: Final = 2**24
"""The same on an accelerator: few launches matter more there."""


class LayerHistograms(Sketch):
    """12 x 130 bytes per channel, and 80 x 130 for PART_CHANNELS channels of every layer.

    layers: name and number of channels of each, as in Chunk. The tensors below have c channels in all, and p of them
    in parts. counts: (c, CELLS), cell_sums: (c, CELLS) of the values; parts: (GROUPS, p, CELLS) counts.
    samples: (GROUPS,).
    part_excess: (GROUPS, p) sum of how far values lie beyond the grid's ends.
    """

    name: ClassVar[str] = "layers"

    def __init__(self, reference: Sketches | None = None) -> None:
        super().__init__(reference)
        self.layers: tuple[tuple[str, int], ...] = ()
        self.grid: Grid | None = None

    @property
    def seen(self) -> bool:
        """Whether there was any sample."""
        return self.grid is not None

    @override
    def update(self, chunk: Chunk) -> None:
        self._begin(chunk.layers, chunk.channels.device)
        values, groups = chunk.channels, chunk.groups
        low, high = values.amin(dim=0), values.amax(dim=0)
        grid, own = self._fitted(low, high), self.part_channels
        part_values, part_grid = values.index_select(1, own), grid.take(own)
        # Block by block of channels: their histograms stay in a core's cache while all samples are counted.
        tile = TILE if values.device.type == "cpu" else DEVICE_TILE
        width = min(max(1, tile // chunk.samples), MOST_CHANNELS)
        ones = torch.ones(width * chunk.samples, dtype=torch.int32, device=values.device)
        beyond = self.reference is not None and grid.leaves_out(low, high)
        for block in _blocks(values.shape[1], width):
            self._count(values[:, block], block, grid.block(block), ones)
        for block in _blocks(len(own), width):
            self._count_parts(part_values[:, block], groups, block, part_grid.block(block), ones)
            if beyond:
                excess = part_grid.block(block).excess(part_values[:, block]).to(torch.float64)
                self.part_excess[:, block].index_add_(0, groups, excess)
        self.samples += torch.bincount(groups, minlength=GROUPS)

    def means(self, channels: slice) -> Tensor:
        """(channels, CELLS) float64 mean value in each cell, on the CPU; where a cell is empty it means nothing."""
        return self.cell_sums[channels].cpu() / self.counts[channels].cpu().clamp(min=1)

    def excess(self, channels: slice) -> Tensor:
        """(channels,) float64 sum of how far values lie beyond the grid's ends, on the CPU."""
        assert self.grid is not None
        counts, sums = self.counts[channels].cpu(), self.cell_sums[channels].cpu()
        low, high = (edge.cpu()[channels] for edge in (self.grid.start, self.grid.end))
        return (counts[:, 0] * low - sums[:, 0]) + (sums[:, -1] - counts[:, -1] * high)

    @override
    def to_arrays(self) -> Arrays:
        if self.grid is None:
            return {}
        tensors = {name: getattr(self, name) for name in (*_ADDED, *_EXTREMES)}
        return {
            # As bytes: every array is of plain numbers, whatever reads the file.
            "names": np.frombuffer("\0".join(name for name, _ in self.layers).encode(), np.uint8),
            "channels": np.array([channels for _, channels in self.layers], dtype=np.int64),
            **{name: values.cpu().numpy().copy() for name, values in tensors.items()},
        }

    @override
    def merge_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        names, channels = arrays["names"].tobytes().decode().split("\0"), arrays["channels"].tolist()
        self._begin(tuple(zip(names, channels, strict=True)), None)
        other = {name: torch.from_numpy(np.array(arrays[name])) for name in (*_ADDED, *_EXTREMES)}
        grid = self._fitted(other["low"], other["high"])
        if self.reference is None:
            theirs = Grid.of(other["low"], other["high"]).to(grid.low.device)
            for name in ("counts", "cell_sums"):
                other[name] = regridded(other[name].to(grid.low.device), theirs, grid)
            own = self.part_channels
            other["parts"] = regridded(other["parts"].to(grid.low.device), theirs.take(own), grid.take(own))
        for name in _ADDED:
            known = getattr(self, name)
            known += other[name].to(known.device, known.dtype)

    def _count(self, values: Tensor, block: slice, grid: Grid, ones: Tensor) -> None:
        """Add (m, b) values of a block of channels, which has this grid; ones: at least m b of them."""
        cells = grid.cells(values).view(-1)
        self.counts[block].view(-1).scatter_add_(0, cells, ones[: len(cells)])
        self.cell_sums[block].view(-1).scatter_add_(0, cells, values.to(torch.float64).reshape(-1))

    def _count_parts(self, values: Tensor, groups: Tensor, block: slice, grid: Grid, ones: Tensor) -> None:
        """The same for a block of the channels in parts, each sample in its part."""
        first, size = block.start * CELLS, self.parts[0].numel()
        cells = grid.cells(values).add_((groups * size + first)[:, None]).view(-1)
        self.parts.view(-1).scatter_add_(0, cells, ones[: len(cells)])

    def _begin(self, layers: tuple[tuple[str, int], ...], device: torch.device | None) -> None:
        """Make room at the first samples; afterwards check that they are of the same layers."""
        if self.layers:
            if layers != self.layers:
                raise WrongShape(_differ(layers, self.layers))
            return
        if self.reference is not None:
            known = self.reference.of(LayerHistograms).layers
            if known != layers:
                raise WrongShape(_differ(layers, known))
        self.layers = layers
        c = sum(channels for _, channels in layers)
        self.part_channels = _part_channels(layers).to(device)
        p = len(self.part_channels)
        self.counts = torch.zeros((c, CELLS), dtype=torch.int32, device=device)
        self.cell_sums = torch.zeros((c, CELLS), dtype=torch.float64, device=device)
        self.parts = torch.zeros((GROUPS, p, CELLS), dtype=torch.int32, device=device)
        self.samples = torch.zeros(GROUPS, dtype=torch.float64, device=device)
        self.part_excess = torch.zeros((GROUPS, p), dtype=torch.float64, device=device)

    def _fitted(self, low: Tensor, high: Tensor) -> Grid:
        """The grid that new values are counted on; of the reference, one that holds them, with all counts on it."""
        low, high = low.to(self.counts.device, torch.float64), high.to(self.counts.device, torch.float64)
        known = self.grid
        if known is None:
            self.low, self.high = low, high
            self.grid = Grid.of(low, high) if self.reference is None else self._grid_of_reference(low.device)
            return self.grid
        before = self.low, self.high
        self.low, self.high = torch.minimum(low, self.low), torch.maximum(high, self.high)
        if self.reference is None and not (torch.equal(before[0], self.low) and torch.equal(before[1], self.high)):
            self.grid = Grid.of(self.low, self.high)
            own = self.part_channels
            regridded(self.counts, known, self.grid)
            regridded(self.cell_sums, known, self.grid)
            regridded(self.parts, known.take(own), self.grid.take(own))
        assert self.grid is not None
        return self.grid

    def _grid_of_reference(self, device: torch.device) -> Grid:
        assert self.reference is not None
        grid = self.reference.of(LayerHistograms).grid
        assert grid is not None
        return grid.to(device)


_ADDED: Final = ("counts", "cell_sums", "parts", "samples", "part_excess")
_EXTREMES: Final = ("low", "high")


def _blocks(channels: int, width: int) -> Iterator[slice]:
    return (slice(start, min(start + width, channels)) for start in range(0, channels, width))


def _part_channels(layers: tuple[tuple[str, int], ...]) -> Tensor:
    """(p,) evenly spaced channels of each layer, at most PART_CHANNELS."""
    chosen, start = [], 0
    for _, channels in layers:
        some = min(channels, PART_CHANNELS)
        chosen.append(start + torch.arange(some) * channels // some)
        start += channels
    return torch.cat(chosen)


def _differ(layers: tuple[tuple[str, int], ...], known: tuple[tuple[str, int], ...]) -> str:
    shape, seen = dict(layers), dict(known)
    for name in [*seen, *shape]:
        if seen.get(name) != shape.get(name):
            return (
                f"layer {name!r} with {shape.get(name, 'no')} channels after {seen.get(name, 'no')}; both data sets "
                "must pass through the same model and the same layers"
            )
    return "the same layers in another order; both data sets must pass through the same layers"
