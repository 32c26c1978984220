"""The training loop: steps of one recipe, evaluations at a fixed spacing, and what a step took."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from study.datasets import Samples
from study.recipes import Recipe

_EVALUATED_AT_ONCE = 256


@dataclass(frozen=True)
class Effort:
    """Measured, so it differs from run to run. Medians, in seconds; CPU time is that of this process.

    step: wall time of one optimiser step with its batch. step_cpu: the same in CPU time. backward_share: of step_cpu,
    the backward pass. evaluation: CPU time of one pass over the evaluation set.
    """

    step: float
    step_cpu: float
    backward_share: float
    evaluation: float


@dataclass(frozen=True)
class Curve:
    """correct: right answers at steps 0, spacing, 2 spacing, ... losses: mean cross-entropy at the same steps, nats."""

    correct: tuple[int, ...]
    losses: tuple[float, ...]
    effort: Effort


def be_deterministic() -> None:
    """One thread, deterministic algorithms: the same run gives the same figures, on one machine to the last digit."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)


def learn(
    model: nn.Module,
    recipe: Recipe,
    new: Samples,
    *,
    trained: Sequence[str],
    random: torch.Generator,
    horizon: int,
    evaluations: int,
    spacing: int,
    evaluation: Samples,
) -> Curve:
    """Train `model` in place and watch its quality on `evaluation`: before the first step and then `evaluations` times.

    trained: modules that learn, the others stay in evaluation mode; empty for all. horizon: the steps that the
    recipe's schedule counts with. Batches run through the new data again and again, in a new order each time.
    """
    _freeze_others(model, trained)
    optimiser = recipe.optimiser_of([parameter for parameter in model.parameters() if parameter.requires_grad])
    schedule = recipe.schedule_of(optimiser, horizon)
    batches = _batches(new, recipe.batch, random)
    seen = [_evaluated(model, evaluation)]
    walls, cpus, backwards = [], [], []
    for _ in range(evaluations):
        _set_modes(model, trained)
        for _ in range(spacing):
            inputs, labels = next(batches)
            wall, start = time.perf_counter(), time.process_time()
            optimiser.zero_grad()
            loss = cross_entropy(model(inputs), labels)
            forward = time.process_time()
            loss.backward()  # type: ignore[no-untyped-call]
            backward = time.process_time()
            optimiser.step()
            schedule.step()
            end = time.process_time()
            walls.append(time.perf_counter() - wall)
            cpus.append(end - start)
            backwards.append(backward - forward)
        seen.append(_evaluated(model, evaluation))
    return Curve(
        tuple(right for right, _, _ in seen),
        tuple(loss for _, loss, _ in seen),
        Effort(
            step=median(walls),
            step_cpu=median(cpus),
            backward_share=sum(backwards) / sum(cpus),
            evaluation=median(seconds for _, _, seconds in seen),
        ),
    )


def _batches(new: Samples, size: int, random: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """Full batches without end; one that the data's end cuts is filled from the next order."""
    waiting = torch.empty(0, dtype=torch.int64)
    while True:
        while len(waiting) < size:
            waiting = torch.cat([waiting, torch.randperm(len(new), generator=random)])
        picked, waiting = waiting[:size], waiting[size:]
        yield new.inputs[picked], new.labels[picked]


def _freeze_others(model: nn.Module, trained: Sequence[str]) -> None:
    for parameter in model.parameters():
        parameter.requires_grad_(not trained)
    for name in trained:
        model.get_submodule(name).requires_grad_(True)


def _set_modes(model: nn.Module, trained: Sequence[str]) -> None:
    model.train(not trained)
    for name in trained:
        model.get_submodule(name).train()


def _evaluated(model: nn.Module, samples: Samples) -> tuple[int, float, float]:
    """Right answers, mean cross-entropy in nats, CPU seconds."""
    model.eval()
    start = time.process_time()
    right, loss = 0, 0.0
    with torch.inference_mode():
        pairs = zip(*(torch.split(part, _EVALUATED_AT_ONCE) for part in (samples.inputs, samples.labels)), strict=True)
        for inputs, labels in pairs:
            logits = model(inputs)
            right += int((logits.argmax(dim=1) == labels).sum())
            loss += float(cross_entropy(logits, labels, reduction="sum"))
    return right, loss / len(samples), time.process_time() - start


def right_answers(model: nn.Module, samples: Samples) -> int:
    """How many of the samples the model classifies rightly."""
    return _evaluated(model, samples)[0]
