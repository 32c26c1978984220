"""Which layer is a classifier's head, and which part of its input the output depends on.

Decided by value on one batch, not by names or by registration order: the head is the layer whose output is the model's
output. It must not know how the tensors were recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from modelreuse.scores.errors import HeadNotFound, WrongShape
from modelreuse.scores.layers import kind_of

Position = Literal["mean", "first", "last"]


@dataclass(frozen=True)
class HeadCall:
    """One call of a layer. input, output: (n, ..., features), brought to features-last."""

    name: str
    input: Tensor
    output: Tensor | None


@dataclass(frozen=True)
class Reading:
    """How logits and embedding follow from a call of the head and the model's output.

    position: which part along the dimensions between the first and the last. softmax: whether the model's output is
    the softmax of the head's, so that the head's output has to serve as logits.
    """

    position: Position = "mean"
    softmax: bool = False

    def logits(self, call: HeadCall, output: Tensor) -> Tensor:
        """(n, k) scores before softmax."""
        return part_at(call.output, self.position) if self.softmax and call.output is not None else output

    def embedding(self, call: HeadCall) -> Tensor:
        """(n, d) input of the head."""
        return part_at(call.input, self.position)


def part_at(values: Tensor, position: Position) -> Tensor:
    """(n, d) out of (n, ..., d): the mean, first or last over all dimensions between; (n, d) itself is unchanged."""
    if values.ndim <= 2:
        return values
    flat = values.flatten(1, -2)
    return flat.mean(dim=1) if position == "mean" else flat[:, 0 if position == "first" else -1]


def reading_of(call: HeadCall, output: Tensor) -> Reading | None:
    """How the model's output (n, k) follows from this call, or None where it does not.

    It does where it equals the call's output, its log-softmax or its softmax, up to rounding.
    """
    if call.output is None or call.output.ndim < 2 or not call.output.is_floating_point():
        return None
    if call.output.shape[0] != output.shape[0] or call.output.shape[-1] != output.shape[-1]:
        return None
    positions: tuple[Position, ...] = ("mean",) if call.output.ndim == 2 else ("mean", "first", "last")
    for position in positions:
        scores = part_at(call.output, position).float()
        if _same(scores, output) or _same(scores.log_softmax(dim=1), output):
            return Reading(position, softmax=False)
        if _same(scores.softmax(dim=1), output):
            return Reading(position, softmax=True)
    return None


def head_among(calls: Iterable[HeadCall], output: Tensor) -> tuple[HeadCall, Reading]:
    """The last of the calls, given in order, whose output is the model's (n, k). Raises HeadNotFound, listing them."""
    known = list(calls)
    for call in reversed(known):
        reading = reading_of(call, output)
        if reading is not None:
            return call, reading
    names = ", ".join(repr(call.name) for call in known[::-1][:5]) or "none"
    raise HeadNotFound(
        f"no linear layer's output is the model's output of shape {tuple(output.shape)}; name the layer whose input is "
        f"the embedding (linear layers that ran, last first: {names})"
    )


def is_linear(module: nn.Module) -> bool:
    """Whether this is a fully connected layer, also out of `torch.export.unflatten`."""
    return isinstance(module, nn.Linear) or kind_of(module) == "Linear"


def features_last(values: Tensor, module: nn.Module) -> Tensor:
    """(n, ..., features) from what goes in or out of `module`."""
    return values.movedim(1, -1) if are_features_first(values, module) else values


def are_features_first(values: Tensor, module: nn.Module) -> bool:
    """Whether features are the second dimension: outside linear layers images are (n, channels, h, w)."""
    spatial = values.ndim >= 4 or (values.ndim == 3 and kind_of(module).startswith("Conv"))
    return spatial and not is_linear(module)


def logits_in(output: Any) -> Tensor:
    """The tensor of logits in what a model returns: itself, its field or key `logits`, or its first part.

    Raises WrongShape if there is none or if it is not (n, k).
    """
    found = output
    if isinstance(found, Mapping) and "logits" in found:
        found = found["logits"]
    elif isinstance(getattr(found, "logits", None), Tensor):
        found = found.logits
    elif isinstance(found, tuple | list) and found:
        found = found[0]
    if not isinstance(found, Tensor):
        raise WrongShape(
            f"the model returns {type(output).__name__}; give one that returns logits (n, k) or a field `logits`"
        )
    if found.ndim != 2:
        raise WrongShape(
            f"the model's output has shape {tuple(found.shape)}; a classifier gives (n, k), one score per class"
        )
    return found


def embedding_in(output: Any) -> Tensor:
    """The tensor (n, ..., d) that a model without classes returns: itself, or the first floating-point part of it.

    Raises WrongShape if there is none.
    """
    parts: tuple[Any, ...] = (output,)
    if isinstance(output, Mapping):
        parts = tuple(output.values())
    elif isinstance(output, tuple | list):
        parts = tuple(output)
    for part in parts:
        if isinstance(part, Tensor) and part.is_floating_point() and part.ndim > 0:
            return part[:, None] if part.ndim == 1 else part
    raise WrongShape(f"the model returns {type(output).__name__} without a floating-point tensor of a row per sample")


def _same(x: Tensor, y: Tensor) -> bool:
    tolerance = 1e-4 if y.dtype in (torch.float32, torch.float64) else 2e-2
    scale = float(y.abs().max())
    return bool(((x - y.to(x.dtype)).abs() <= tolerance * (scale + 1e-30)).all())
