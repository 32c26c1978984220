"""The team's training code under the training contract: everything a trainer must do, and nothing else.

It reads the approved plan, trains what the plan says, stops once held-back images are read well enough three times in
a row, or after the plan's steps, and reports; of a pilot also what it saw when it was asked. Held-back images are few,
so it aims one standard error above the target.
Whether the result is good enough is for the verification to say, on images that this code never sees.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from vision.data import LABELS, PIXELS, prepare
from vision.net import build

from modelreuse import training
from modelreuse.api import Action, TrainingResult

LEARNING_RATE = 5e-5
BATCH = 64
CHECK_EVERY = 10
PASSES_IN_A_ROW = 3
HELD_BACK = 4  # one image in so many is never trained on
SEED = 20


def adapt(run: training.Run) -> TrainingResult:
    """Trains under the run's plan and reports."""
    torch.manual_seed(SEED)
    images, labels = _load(run.resolve(run.plan.data.new.uri))
    held_back = torch.arange(len(labels)) % HELD_BACK == 0
    model = build()
    if run.plan.action != Action.TRAIN_FROM_SCRATCH:
        model.load_state_dict(load_file(run.resolve(run.plan.model.uri)))
    optimiser = torch.optim.Adam(_trainable(model, run.plan.layers), lr=LEARNING_RATE)
    wanted, passes = _with_margin(float(run.plan.target), int(held_back.sum())), 0
    for picked in _batches(torch.nonzero(~held_back).flatten()):
        if not run.steps_left or passes == PASSES_IN_A_ROW:
            break
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(images[picked]), labels[picked]).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        run.step(len(picked))
        if run.steps % CHECK_EVERY == 0 or run.is_asked:
            accuracy = _accuracy(model, images[held_back], labels[held_back])
            run.evaluated(accuracy)
            passes = passes + 1 if accuracy >= wanted else 0
            print(f"step {run.steps}: accuracy {accuracy:.3f} on held-back images, wanted {wanted:.3f}", flush=True)
    artifact = run.resolve(run.plan.output) / f"digits-{run.plan.digest.removeprefix('sha256:')[:12]}.safetensors"
    save_file(model.state_dict(), artifact)
    return run.finish(artifact, target_reached=passes == PASSES_IN_A_ROW, evaluated_every=CHECK_EVERY)


def _load(file: Path) -> tuple[Tensor, Tensor]:
    with np.load(file) as arrays:
        return prepare({PIXELS: arrays[PIXELS]}), torch.from_numpy(arrays[LABELS].astype(np.int64))


def _trainable(model: nn.Module, layers: Sequence[str]) -> list[nn.Parameter]:
    """The parameters of the named layers, of all if none is named; the others are frozen."""
    if layers:
        model.requires_grad_(False)
        for layer in layers:
            model.get_submodule(layer).requires_grad_(True)
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def _batches(indices: Tensor) -> Iterator[Tensor]:
    """Batches of `indices` without end, shuffled anew each time they are through; short batches are left out."""
    while True:
        shuffled = indices[torch.randperm(len(indices))]
        for start in range(0, len(shuffled) - BATCH + 1, BATCH):
            yield shuffled[start : start + BATCH]


def _with_margin(target: float, samples: int) -> float:
    """The target plus the standard error of an accuracy that so many samples measure; at most 1."""
    return min(1.0, target + math.sqrt(target * (1 - target) / samples))


def _accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    with torch.no_grad():
        return float((model(images).argmax(1) == labels).float().mean())


if __name__ == "__main__":
    with training.start() as run:
        print(f"{run.plan.action} of {run.plan.layers or 'all layers'}, at most {run.steps_left} steps", flush=True)
        result = adapt(run)
    print(f"{result.steps} steps, target {'reached' if result.target_reached else 'not reached'}", flush=True)
