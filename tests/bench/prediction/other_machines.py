"""How well a roofline tells the time of a step on a machine that it wasn't timed on.

One computer stands for four: one thread or two, with the widest vectors or those of SSE4. These move the ceilings apart
as machines do, computing more than memory. What no accelerator is here for stays untold: that of a GPU.
"""

import dataclasses
import json
import os
import subprocess
import sys

import torch
from torch import Tensor, nn

from modelreuse.costs import Ceilings, TimedStep
from modelreuse.worker.probe import StepCost, step_cost
from modelreuse.worker.roofline import NetworkStep, steps_on
from study import bases
from study.datasets import Part, data_set
from study.variants import VARIANTS

NARROW = {"ONEDNN_MAX_CPU_ISA": "SSE41", "ATEN_CPU_CAPABILITY": "default"}
MACHINES = {
    f"{threads} {width}": {"OMP_NUM_THREADS": str(threads)} | narrow
    for threads in (1, 2)
    for width, narrow in (("wide", {}), ("narrow", NARROW))
}
CPU = torch.device("cpu")
CLASSES = 10


def factors() -> dict[str, float]:
    """How far the roofline's seconds are from those measured there, as a factor >= 1, by machine and model."""
    found = {}
    for name, environment in MACHINES.items():
        measured = subprocess.run(
            [sys.executable, "-m", "bench.prediction.other_machines"],
            env=os.environ | environment,
            capture_output=True,
            check=True,
            text=True,
        )
        told = json.loads(measured.stdout)
        ceilings = Ceilings.reached(name, TimedStep(**told["tiny"]), [TimedStep(**step) for step in told["steps"]])
        for model, seen in told["models"].items():
            step = TimedStep(**seen)
            ratio = ceilings.seconds(step.gigaflops, step.gigabytes, step.launches) / step.seconds
            found[f"{name} {model}"] = max(ratio, 1 / ratio)
    return found


def main() -> None:
    """Prints what this machine takes for the roofline's network and for every model."""
    seen = steps_on(CPU)
    models = {name: _of(*each) for name, each in _models().items()}
    print(json.dumps({"tiny": _told(seen.tiny), "steps": [_told(step) for step in seen.steps], "models": models}))


def _told(step: NetworkStep | StepCost) -> dict[str, float]:
    return dataclasses.asdict(step.work) | {"seconds": step.seconds}


def _of(model: nn.Module, inputs: Tensor) -> dict[str, float]:
    return _told(step_cost(model, (inputs,), CLASSES, CPU))


def _models() -> dict[str, tuple[nn.Module, Tensor]]:
    """The study's architectures, and three that are larger than those."""
    data = data_set("mnist")
    new = data.parts[Part.NEW]
    models = {
        variant.architecture: (bases.fresh(variant, data, "probe"), torch.as_tensor(new.inputs[: variant.recipe.batch]))
        for variant in VARIANTS.values()
    }
    torch.manual_seed(0)
    return models | {
        "wide-mlp": (_wide_mlp(), torch.randn(64, 784)),
        "mobile": (_mobile(), torch.randn(16, 3, 64, 64)),
        "encoder": (_Encoder(), torch.randint(1000, (16, 64))),
    }


def _wide_mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(784, 2048), nn.ReLU(), nn.Linear(2048, 2048), nn.ReLU(), nn.Linear(2048, CLASSES))


def _mobile() -> nn.Module:
    """Depthwise and dense convolutions with batch norm, as in mobile networks."""

    def block(into: int, out: int) -> list[nn.Module]:
        return [
            nn.Conv2d(into, into, 3, stride=2, padding=1, groups=into, bias=False),
            nn.BatchNorm2d(into),
            nn.ReLU(),
            nn.Conv2d(into, out, 1, bias=False),
            nn.BatchNorm2d(out),
            nn.ReLU(),
        ]

    stem = [nn.Conv2d(3, 32, 3, padding=1), nn.ReLU()]
    body = [*block(32, 64), *block(64, 128), *block(128, 256)]
    return nn.Sequential(*stem, *body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, CLASSES))


class _Encoder(nn.Module):
    """Four layers of a transformer, width 256, over 64 tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(1000, 256)
        layer = nn.TransformerEncoderLayer(256, 4, 1024, dropout=0.0, batch_first=True)
        self.layers = nn.TransformerEncoder(layer, 4)
        self.head = nn.Linear(256, CLASSES)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.layers(self.embedding(tokens)).mean(dim=1))


if __name__ == "__main__":
    main()
