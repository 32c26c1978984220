"""Which layers are tapped when nobody names any, and what is kept of a layer's output.

It must not know how hooks are set, nor what is computed from what is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor, nn

from modelreuse.scores.head import are_features_first

MOST_LAYERS: Final = 64
"""Layers that are tapped without being named; of more, evenly spaced ones."""
POSITIONS: Final = 2048
"""Positions of a map over which its channels are averaged; of larger maps whole rows, evenly spaced."""


def candidates(model: nn.Module) -> list[str]:
    """Names of modules that own a weight of two or more dimensions: convolutions, linear layers, attention, embeddings.

    In the order of registration; normalisation and activations say little more than what they follow.
    """
    return [
        name
        for name, module in model.named_modules()
        if name and any(parameter.ndim > 1 for parameter in module.parameters(recurse=False))
    ]


def evenly(names: Sequence[str]) -> list[str]:
    """At most MOST_LAYERS of the names, first and last among them."""
    if len(names) <= MOST_LAYERS:
        return list(names)
    return [names[round(i * (len(names) - 1) / (MOST_LAYERS - 1))] for i in range(MOST_LAYERS)]


def first_of(output: Any) -> Any:
    """The tensor in what a layer returns: the first of several."""
    return output[0] if isinstance(output, tuple | list) and output else output


def channel_means(output: Tensor, module: nn.Module) -> Tensor:
    """(n, channels) of a layer's output: averaged over space or tokens, at least float32, and no view of the output.

    Not a view because what follows may write into the output (`inplace=True`, `x += y`). Of maps with more than
    POSITIONS positions only evenly spaced rows are averaged: neighbours say nearly the same, and reading all of an
    early layer would cost more than all else here.
    """
    dtype = torch.promote_types(output.dtype, torch.float32)
    if output.ndim == 2:
        return output.to(dtype, copy=True)
    if not are_features_first(output, module):
        return output.flatten(1, -2).mean(dim=1, dtype=dtype)
    if output.ndim == 4:
        step = output.shape[2] * output.shape[3] // POSITIONS
        if step > 1:
            output = output[:, :, step // 2 :: step]
        return output.mean(dim=(2, 3), dtype=dtype)
    return output.flatten(2).mean(dim=2, dtype=dtype)


def usable(output: Any, samples: int) -> bool:
    """Whether an output has a floating-point row of channels for each of n samples."""
    return (
        isinstance(output, Tensor)
        and output.ndim > 1
        and output.shape[0] == samples
        and output.is_floating_point()
        and output.numel() > 0
    )
