"""Which layers a model has, in the order in which data pass them, and what share of the model each is.

The predictor needs it to say what fine-tuning the last few layers would cost. It must not know what is fine-tuned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode
from torch.utils.hooks import RemovableHandle

from modelreuse.scores.errors import WrongShape
from modelreuse.scores.observation import Array, as_tensor

Inputs = Array | tuple[Array, ...] | list[Array] | Mapping[str, Array]
"""One batch as a model takes it: a tensor, several in order, or several by keyword."""


@dataclass(frozen=True)
class Layer:
    """One module that owns parameters itself.

    name: as in `named_modules`, "" for the model itself. kind: class name, for example "Conv2d".
    parameters: numbers it owns; one that is shared counts where it is met first. share: of all parameters, in [0, 1].
    forward_flops_share: share of the counted operations of a forward pass, in [0, 1]; None without an example.
    """

    name: str
    kind: str
    parameters: int
    share: float
    forward_flops_share: float | None = None


def layer_table(model: nn.Module, example: Inputs | None = None) -> list[Layer]:
    """Layers with parameters from input to head; their shares add up to 1.

    Without an example in the order of registration, which for usual models is that of use. With one (a small batch, on
    the model's device) the model runs once, in evaluation mode: layers are in order of use
    and forward_flops_share counts convolutions, matrix products and attention (torch.utils.flop_counter); what runs
    outside every layer with parameters is in no layer's share. An empty list for a model without parameters.
    """
    owners = _owners(model)
    total = sum(owners.values())
    if example is None:
        return [Layer(name, kind_of(model.get_submodule(name)), n, n / total) for name, n in owners.items()]
    started, operations, total_operations = _run(model, example, owners)
    return [
        Layer(
            name,
            kind_of(model.get_submodule(name)),
            owners[name],
            owners[name] / total,
            operations[name] / total_operations if total_operations else 0.0,
        )
        for name in _in_order_of_use(owners, started)
    ]


def kind_of(module: nn.Module) -> str:
    """The module's class name; of a module out of `torch.export.unflatten`, that of the module it was exported from."""
    type_name = getattr(module, "type_name", None)
    original = type_name() if callable(type_name) else None
    return str(original).rpartition(".")[2] if original else type(module).__name__


def device_of(model: nn.Module) -> torch.device:
    """Where the model's first parameter or buffer is; the CPU for a model without any."""
    first = next(chain(model.parameters(), model.buffers()), None)
    return torch.device("cpu") if first is None else first.device


def to_device(inputs: Inputs, device: torch.device) -> tuple[tuple[Tensor, ...], dict[str, Tensor]]:
    """Positional and keyword arguments for the model, as tensors on the device."""
    if isinstance(inputs, Mapping):
        return (), {name: as_tensor(values).to(device) for name, values in inputs.items()}
    several = inputs if isinstance(inputs, tuple | list) else (inputs,)
    return tuple(as_tensor(values).to(device) for values in several), {}


def rows(inputs: Inputs) -> int:
    """Number of samples n, from the first tensor. Raises WrongShape for inputs without a first dimension."""
    several = tuple(inputs.values()) if isinstance(inputs, Mapping) else inputs
    first = several if isinstance(several, Tensor | np.ndarray) else next(iter(several), None)
    if first is None or first.ndim == 0:
        raise WrongShape("inputs: no dimension for samples; give tensors of shape (n, ...)")
    return int(first.shape[0])


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Every module in evaluation mode inside, in its own mode again afterwards, whatever happens."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode


def _owners(model: nn.Module) -> dict[str, int]:
    """Number of parameters by the name of the module that owns them, each counted once."""
    seen: set[int] = set()
    owners: dict[str, int] = {}
    for name, module in model.named_modules():
        own = [p for p in module.parameters(recurse=False) if id(p) not in seen]
        seen.update(id(p) for p in own)
        if own:
            owners[name] = sum(p.numel() for p in own)
    return owners


@contextmanager
def _attention_in_parts() -> Iterator[None]:
    """Keep nn.MultiheadAttention from running as one fused operation, of which no operations are counted."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


def _in_order_of_use(owners: Mapping[str, int], started: Mapping[str, int]) -> list[str]:
    """Layers by when they started; one that never ran by itself follows the layer registered before it.

    (The latter happens to parts whose weights the module around them uses, as in nn.MultiheadAttention.)
    """
    rank, ranks = -1, {}
    for name in owners:
        rank = started.get(name, rank)
        ranks[name] = rank
    return sorted(owners, key=lambda name: ranks[name])


def _run(model: nn.Module, example: Inputs, owners: Mapping[str, int]) -> tuple[dict[str, int], dict[str, int], int]:
    """When each layer that ran first started, its operations without those of layers inside it, and all operations."""
    started: dict[str, int] = {}
    operations: dict[str, int] = dict.fromkeys(owners, 0)
    counter = FlopCounterMode(display=False)
    open_layers: list[tuple[int, int]] = []  # operations counted before it, operations of layers inside it

    def before(name: str, *_: Any) -> None:
        started.setdefault(name, len(started))
        open_layers.append((counter.get_total_flops(), 0))

    def after(name: str, *_: Any) -> None:
        at_start, inside = open_layers.pop()
        spent = counter.get_total_flops() - at_start
        operations[name] += spent - inside
        if open_layers:
            outer_start, outer_inside = open_layers.pop()
            open_layers.append((outer_start, outer_inside + spent))

    hooks: list[RemovableHandle] = []
    positional, keyword = to_device(example, device_of(model))
    try:
        for name in owners:
            module = model.get_submodule(name)
            hooks.append(module.register_forward_pre_hook(partial(before, name)))
            hooks.append(module.register_forward_hook(partial(after, name)))
        with evaluation_mode(model), _attention_in_parts(), torch.no_grad(), counter:
            model(*positional, **keyword)
    finally:
        for hook in hooks:
            hook.remove()
    return started, operations, counter.get_total_flops()
