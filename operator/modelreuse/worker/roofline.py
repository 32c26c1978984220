"""How fast this device trains, by steps of one network at several batch sizes, and one of a network that does nothing.

Small batches are held up by moving weights, large ones by computing, and the network of nothing by launching its
operations; whatever model is trained here later is held up by a bit of each. The network has the usual parts, so that
neither a matrix product nor a convolution alone speaks for the device.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from modelreuse.worker.probe import step_cost
from modelreuse.worker.work import StepWork

SMALLEST_BATCH: Final = 1
LARGEST_BATCH: Final = 4096
LARGEST_BATCH_ON_CPU: Final = 256
"""Takes a GB of memory; a container that has less is killed, and not told before."""
LONGEST_STEP: Final = 0.5
"""Seconds; a device that takes as long for one step has enough to do, and larger batches would only be waited for."""
_GROWTH: Final = 4
_CLASSES: Final = 10
_SIDE: Final = 32


@dataclass(frozen=True)
class NetworkStep:
    """A training step on so many samples."""

    samples: int
    seconds: float
    work: StepWork


@dataclass(frozen=True)
class DeviceSteps:
    """tiny: of the network that does nothing. steps: of the other, by batch size."""

    tiny: NetworkStep
    steps: Sequence[NetworkStep]


def steps_on(device: torch.device) -> DeviceSteps:
    """Steps that reach what the device can do.

    Takes some ten seconds. Raises what torch raises where not even one sample can be trained on.
    """
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(0)
        idle = nn.Sequential(*(nn.Linear(_CLASSES, _CLASSES) for _ in range(8))).to(device)
        tiny = _timed(idle, torch.randn(1, _CLASSES), device)
        return DeviceSteps(tiny, _ever_larger(_Network().to(device), device))


def _ever_larger(network: nn.Module, device: torch.device) -> list[NetworkStep]:
    """Steps at four times the batch each, until they take long, or memory ends."""
    steps = [_timed(network, _images(SMALLEST_BATCH), device)]
    largest = LARGEST_BATCH_ON_CPU if device.type == "cpu" else LARGEST_BATCH
    while steps[-1].seconds < LONGEST_STEP and steps[-1].samples < largest:
        try:
            steps.append(_timed(network, _images(_GROWTH * steps[-1].samples), device))
        except torch.OutOfMemoryError:
            break
    return steps


def _images(count: int) -> Tensor:
    return torch.randn(count, 3, _SIDE, _SIDE)


def _timed(network: nn.Module, inputs: Tensor, device: torch.device) -> NetworkStep:
    cost = step_cost(network, (inputs,), _CLASSES, device)
    assert cost.work is not None
    return NetworkStep(len(inputs), cost.seconds, cost.work)


class _Network(nn.Module):
    """Residual convolutions, then linear layers: (n, 3, 32, 32) to (n, 10); 2.5 million weights."""

    def __init__(self, channels: int = 64) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, channels, 3, padding=1)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU()) for _ in range(3)
        )
        self.head = nn.Sequential(
            nn.AvgPool2d(4),
            nn.Flatten(),
            nn.Linear(channels * (_SIDE // 4) ** 2, 512),
            nn.ReLU(),
            nn.Linear(512, 512),
            nn.ReLU(),
            nn.Linear(512, _CLASSES),
        )

    def forward(self, images: Tensor) -> Tensor:
        hidden = self.stem(images)
        for block in self.blocks:
            hidden = hidden + block(hidden)
        out: Tensor = self.head(hidden)
        return out
