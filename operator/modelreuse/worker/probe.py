"""What one training step costs on this device, seen rather than guessed.

A few steps on dummy labels with throwaway copies of all weights: the textbook's "three times a forward pass" is wrong
by factors for small models. The labels are random, so nothing is learnt and nothing about the data is told; the model,
its modes and the random generators are as before when it ends.
"""

import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from modelreuse.api import Basis, Failure
from modelreuse.scores.head import logits_in
from modelreuse.scores.layers import to_device
from modelreuse.worker.data import DataSet, ModelInputs
from modelreuse.worker.effort import Effort, meter, synchronizer
from modelreuse.worker.rows import failure
from modelreuse.worker.wording import one_line
from modelreuse.worker.work import StepWork, counted

TIMED_STEPS = 5
WARM_UP_STEPS = 1
_LEARNING_RATE = 1e-5


@dataclass(frozen=True)
class StepCost:
    """Of one training step: median seconds, and Wh where a counter measured it."""

    seconds: float
    energy_wh: float | None
    work: StepWork | None
    """None where it could not be counted."""


@dataclass(frozen=True)
class Timing:
    """Both kinds of step, at one batch size; all None where no probe was wanted. `failed` says why it saw nothing."""

    batch_size: int | None = None
    whole: StepCost | None = None
    head: StepCost | None = None
    failed: Failure | None = None


def timed(
    model: nn.Module, data: DataSet, batch_size: int | None, classes: int, head: str, device: torch.device
) -> Timing:
    """Steps that train everything, and steps that train the head only, on the first rows of the data.

    Never raises: an assessment stands without its probe, whatever training the model raises.
    """
    if batch_size is None:
        return Timing()
    try:
        inputs = data.first(batch_size)
        whole = step_cost(model, inputs, classes, device)
        return Timing(batch_size, whole, step_cost(model, inputs, classes, device, [head]))
    except Exception as error:  # noqa: BLE001 - see the docstring
        cause = one_line(f"{type(error).__name__}: {error}", 200)
        message = f"a training step of {batch_size} samples could not be timed: {cause}"
        return Timing(failed=failure("ProbeFailed", message))


def step_cost(
    model: nn.Module, inputs: ModelInputs, classes: int, device: torch.device, layers: Iterable[str] | None = None
) -> StepCost:
    """The cost of a step of Adam on cross-entropy with this batch.

    layers: names of the modules to train; None trains everything. Raises whatever the model raises when it is trained.
    """
    with throwaway_weights(model), torch.random.fork_rng([device] if device.type == "cuda" else []):
        trained = _trainable(model, layers)
        if not trained:
            raise ValueError("it has no parameters to train")
        arguments, _ = to_device(inputs, device)
        labels = torch.randint(classes, (len(inputs[0]),), device=device)
        optimizer = torch.optim.Adam(trained, lr=_LEARNING_RATE)
        synchronize = synchronizer(device) or (lambda: None)

        def forward() -> Tensor:
            optimizer.zero_grad()
            return logits_in(model(*arguments))

        def learn(logits: Tensor) -> None:
            nn.functional.cross_entropy(logits, labels).backward()  # type: ignore[no-untyped-call]
            optimizer.step()

        def step() -> float:
            synchronize()
            begin = time.perf_counter()
            learn(forward())
            synchronize()
            return time.perf_counter() - begin

        with torch.enable_grad():
            for _ in range(WARM_UP_STEPS):
                step()
            with meter(device) as measured:
                seconds = [step() for _ in range(TIMED_STEPS)]
            work = _work(forward, learn)
    effort = Effort.of(measured.measurement)
    return StepCost(
        statistics.median(seconds),
        effort.energy_wh / TIMED_STEPS if effort.basis is Basis.MEASURED else None,
        work,
    )


def _work(forward: Callable[[], Tensor], learn: Callable[[Tensor], None]) -> StepWork | None:
    """Of one more step. A model that can be timed may yet not let itself be watched: then its seconds stand alone."""
    try:
        return counted(forward, learn)
    except Exception:  # noqa: BLE001 - whatever the model raises where its operations are intercepted
        return None


@contextmanager
def throwaway_weights(model: nn.Module) -> Iterator[None]:
    """The model in training mode, with copies in place of all its parameters and buffers; then the originals again.

    (A deep copy of an exported program's modules fails; its weights can always be copied. Shared weights stay shared.)
    """
    modules = list(model.modules())
    modes = [module.training for module in modules]
    parameters = [dict(module._parameters) for module in modules]
    buffers = [dict(module._buffers) for module in modules]
    copies: dict[int, Tensor] = {}
    try:
        for module in modules:
            for name, parameter in module._parameters.items():
                if parameter is not None:
                    copy = copies.setdefault(id(parameter), nn.Parameter(parameter.detach().clone(), False))
                    module._parameters[name] = copy  # type: ignore[assignment]
            for name, buffer in module._buffers.items():
                if buffer is not None:
                    module._buffers[name] = copies.setdefault(id(buffer), buffer.detach().clone())
        model.train()
        yield
    finally:
        for module, mode, own_parameters, own_buffers in zip(modules, modes, parameters, buffers, strict=True):
            module._parameters.update(own_parameters)
            module._buffers.update(own_buffers)
            module.training = mode


def _trainable(model: nn.Module, layers: Iterable[str] | None) -> list[nn.Parameter]:
    chosen = [model] if layers is None else [model.get_submodule(name) for name in layers]
    unique = {id(p): p for module in chosen for p in module.parameters() if p.is_floating_point()}
    for parameter in unique.values():
        parameter.requires_grad_(True)
    return list(unique.values())
