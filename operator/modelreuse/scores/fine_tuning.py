"""Which last layers are worth fine-tuning, and what share of the model and of a training step's backward pass they are.

The rule: the suffix begins at the first layer that moved at least half as far as the layer that moved farthest, and
ends with the head; where no layer moved, the head alone. Layers before it still do on new data roughly what they did on
the reference. It is a rule that anyone can check by hand on the table of layers, not an optimum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from modelreuse.scores.layer_shift import LayerShift
from modelreuse.scores.layers import Layer

NOTABLE: Final = 0.5
"""Of the farthest layer's distance: from here on a layer's move is notable."""


@dataclass(frozen=True)
class TrainedSuffix:
    """names: layers with parameters from the first to train to the head. parameters: their share of the model's.

    backward: their share of a whole training step's backward operations, None without operation counts: gradients of
    weights in every trained layer, and of inputs in all but the first of them. All shares in [0, 1].
    """

    names: tuple[str, ...]
    parameters: float
    backward: float | None


def worth_training(shifts: Sequence[LayerShift], table: Sequence[Layer], head: str) -> TrainedSuffix:
    """The smallest suffix worth fine-tuning.

    table: all layers with parameters from input to head (`layer_table` with an example, for operation counts); what
    follows the head in it does not count. Raises ValueError if the head is not in the table.
    """
    names = [layer.name for layer in table]
    if head not in names:
        raise ValueError(f"head {head!r} is not among the layers with parameters: {', '.join(names[-5:])}")
    last = names.index(head)
    first = last
    moved = {shift.name: shift.distance.value for shift in shifts if shift.moved and shift.name in names[: last + 1]}
    if moved:
        farthest = max(moved.values())
        first = min(names.index(name) for name, value in moved.items() if value >= NOTABLE * farthest)
    suffix = list(table[first : last + 1])
    return TrainedSuffix(
        tuple(layer.name for layer in suffix),
        min(1.0, sum(layer.share for layer in suffix)),
        _backward(suffix, list(table)),
    )


def backward_shares(table: Sequence[Layer]) -> tuple[float | None, ...]:
    """Each layer's share of the operations of a whole training step's backward pass, in [0, 1]; they add up to 1.

    A layer's gradients of weights and of inputs cost what its forward pass does, each; the first layer of the table
    needs none of inputs. None without operation counts. A suffix costs less than its layers' shares together: its own
    first layer needs no gradient of inputs either.
    """
    costs = [layer.forward_flops_share for layer in table]
    known = [cost for cost in costs if cost is not None]
    whole = _operations(known) if len(known) == len(costs) else 0.0
    if whole <= 0:
        return (None,) * len(costs)
    return tuple((1 if index == 0 else 2) * cost / whole for index, cost in enumerate(known))


def _backward(suffix: Sequence[Layer], table: Sequence[Layer]) -> float | None:
    """Operations of the backward pass through a suffix over those through all."""
    costs = [[layer.forward_flops_share for layer in layers] for layers in (suffix, table)]
    if any(cost is None for cost in costs[1]):
        return None
    own, whole = (_operations([cost for cost in side if cost is not None]) for side in costs)
    return min(1.0, own / whole) if whole > 0 else None


def _operations(forward: Sequence[float]) -> float:
    """Of the backward pass through layers that follow each other, in units of their forward passes."""
    return 2 * sum(forward) - forward[0] if forward else 0.0
