"""What a training step computes and moves: what says, beside a machine's roofline, how long it takes there.

Seconds say it of the machine that they were measured on only; operations and bytes are the model's own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

FORWARDS: Final = 3
"""Forward passes that a training step's operations amount to: gradients of inputs and of weights take one each. (Counts
of the backward pass itself take every grouped convolution for a dense one.)"""
_BILLION = 1e9
_OPEN: Final = frozenset({"aten", "prim", "prims", "profiler"})
"""Namespaces of operations that hide no others."""


class OpaqueOperationError(Exception):
    """An operation that is none of PyTorch's own, or a library's whole recurrent layer."""


@dataclass(frozen=True)
class StepWork:
    """Of one training step. gigaflops: billions of floating-point operations in convolutions, matrix products and
    attention. gigabytes: what every operation reads and writes, as if nothing were kept between two of them.
    launches: how many operations these are; what only looks at a tensor otherwise is none.
    """

    gigaflops: float
    gigabytes: float
    launches: int


def counted(forward: Callable[[], Tensor], rest: Callable[[Tensor], object]) -> StepWork:
    """The work of a step: `rest` takes what `forward` returns, goes backward and updates the weights.

    Raises OpaqueOperationError where an operation hides others, whose work can't be counted, and whatever these raise.
    """
    flops = FlopCounterMode(display=False)
    with _Traffic() as traffic:
        with flops:
            outputs = forward()
        rest(outputs)
    return StepWork(FORWARDS * flops.get_total_flops() / _BILLION, traffic.bytes / _BILLION, traffic.launches)


class _Traffic(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Adds up operations, and the bytes of all tensors that they take and give; a view is none and moves none."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.bytes = 0
        self.launches = 0

    def __torch_dispatch__(
        self,
        func: OpOverload[Any, Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> object:
        if func.namespace not in _OPEN or "_rnn" in str(func):
            raise OpaqueOperationError(str(func))
        given = kwargs or {}
        result = func(*args, **given)
        if not func.is_view:
            # What is written in place is taken and given: it counts once, as the ceiling on any of it would.
            tensors = {id(each): each for each in tree_leaves((args, given, result)) if isinstance(each, torch.Tensor)}
            self.launches += 1
            self.bytes += sum(each.numel() * each.element_size() for each in tensors.values())
        return result
