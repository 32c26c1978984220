"""How a model is trained. Steps can only be compared within one recipe, so each has a hash that records carry."""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Final, Literal

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR


@dataclass(frozen=True)
class Recipe:
    """Optimiser, schedule and batch size.

    schedule: constant, or a linear warm-up of `warm_up` steps and then half a cosine down to zero at the cap.
    """

    name: str
    optimiser: Literal["adam", "adamw", "sgd"]
    learning_rate: float
    batch: int
    momentum: float = 0.0
    weight_decay: float = 0.0
    schedule: Literal["constant", "cosine"] = "constant"
    warm_up: int = 0

    @property
    def hash(self) -> str:
        """12 hexadecimal digits that every field but the name decides."""
        fields = {key: value for key, value in asdict(self).items() if key != "name"}
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:12]

    def optimiser_of(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """A fresh optimiser over these parameters."""
        match self.optimiser:
            case "adam":
                return torch.optim.Adam(parameters, lr=self.learning_rate)
            case "adamw":
                return torch.optim.AdamW(parameters, lr=self.learning_rate, weight_decay=self.weight_decay)
            case "sgd":
                return torch.optim.SGD(parameters, lr=self.learning_rate, momentum=self.momentum)

    def schedule_of(self, optimiser: torch.optim.Optimizer, steps: int) -> LambdaLR:
        """The schedule for a training of so many steps; to be stepped after each optimiser step."""

        def factor(step: int) -> float:
            if self.schedule == "constant":
                return 1.0
            if step < self.warm_up:
                return (step + 1) / (self.warm_up + 1)
            done = min(1.0, (step - self.warm_up) / max(1, steps - self.warm_up))
            return 0.5 * (1 + math.cos(math.pi * done))

        return LambdaLR(optimiser, factor)


RECIPES: Final[Mapping[str, Recipe]] = MappingProxyType(
    {
        recipe.name: recipe
        for recipe in (
            Recipe("adam", "adam", learning_rate=1e-3, batch=64),
            Recipe("adam-slow", "adam", learning_rate=3e-4, batch=32),
            Recipe("sgd", "sgd", learning_rate=2e-2, batch=16, momentum=0.9),
            Recipe("adamw-cosine", "adamw", 2e-3, 96, weight_decay=1e-2, schedule="cosine", warm_up=20),
        )
    }
)
