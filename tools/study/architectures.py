"""Small networks of different make. Each takes images and series alike: (n, channels, height, width)."""

import itertools
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import torch
from torch import Tensor, nn
from typing_extensions import override

Shape = tuple[int, int, int]
"""Channels, height, width of one input; a series has height 1."""
Build = Callable[[Shape, int], nn.Module]
"""From the inputs' shape and the number of classes to a network with fresh weights."""

_SIDE_TOKENS: Final = 4
"""Patches along each side of an image; a series is cut into as many patches as an image has altogether."""


class Mlp(nn.Module):
    """Fully connected layers with ReLU."""

    def __init__(self, shape: Shape, classes: int, hidden: tuple[int, ...]) -> None:
        super().__init__()
        sizes = (shape[0] * shape[1] * shape[2], *hidden)
        layers: list[nn.Module] = [nn.Flatten()]
        for given, made in itertools.pairwise(sizes):
            layers += [nn.Linear(given, made), nn.ReLU()]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(sizes[-1], classes)

    @override
    def forward(self, inputs: Tensor) -> Tensor:
        """(n, classes) logits."""
        logits: Tensor = self.head(self.body(inputs))
        return logits


class Cnn(nn.Module):
    """Two convolutions, each halving the resolution, and one hidden layer."""

    def __init__(self, shape: Shape, classes: int) -> None:
        super().__init__()
        kernel, padding, stride = _window(shape)
        self.first = nn.Sequential(nn.Conv2d(shape[0], 8, kernel, stride, padding), nn.ReLU())
        self.second = nn.Sequential(nn.Conv2d(8, 16, kernel, stride, padding), nn.ReLU())
        left = 16 * math.prod(math.ceil(side / step**2) for side, step in zip(shape[1:], stride, strict=True))
        self.hidden = nn.Sequential(nn.Flatten(), nn.Linear(left, 32), nn.ReLU())
        self.head = nn.Linear(32, classes)

    @override
    def forward(self, inputs: Tensor) -> Tensor:
        """(n, classes) logits."""
        logits: Tensor = self.head(self.hidden(self.second(self.first(inputs))))
        return logits


class CnnBn(nn.Module):
    """Three convolutions with batch normalisation, two of them halving, then the mean over all positions."""

    def __init__(self, shape: Shape, classes: int) -> None:
        super().__init__()
        kernel, padding, stride = _window(shape)

        def block(given: int, made: int, step: tuple[int, int]) -> nn.Module:
            convolution = nn.Conv2d(given, made, kernel, step, padding, bias=False)
            return nn.Sequential(convolution, nn.BatchNorm2d(made), nn.ReLU())

        self.first = block(shape[0], 16, stride)
        self.second = block(16, 32, stride)
        self.third = block(32, 32, (1, 1))
        self.head = nn.Linear(32, classes)

    @override
    def forward(self, inputs: Tensor) -> Tensor:
        """(n, classes) logits."""
        maps = self.third(self.second(self.first(inputs)))
        logits: Tensor = self.head(maps.mean(dim=(2, 3)))
        return logits


class Block(nn.Module):
    """One transformer layer, normalised before its parts."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, 4, batch_first=True)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))

    @override
    def forward(self, tokens: Tensor) -> Tensor:
        """(n, tokens, width) to the same shape."""
        seen = self.norm1(tokens)
        tokens = tokens + self.attention(seen, seen, seen, need_weights=False)[0]
        after: Tensor = tokens + self.mlp(self.norm2(tokens))
        return after


class Vit(nn.Module):
    """A vision transformer with 16 patches, two layers of width 32, and the mean over the patches."""

    def __init__(self, shape: Shape, classes: int, width: int = 32) -> None:
        super().__init__()
        tokens = _SIDE_TOKENS**2
        patch = (1, shape[2] // tokens) if shape[1] == 1 else (shape[1] // _SIDE_TOKENS, shape[2] // _SIDE_TOKENS)
        self.patches = nn.Conv2d(shape[0], width, patch, stride=patch)
        self.position = nn.Parameter(torch.randn(tokens, width) * 0.02)
        self.first = Block(width)
        self.second = Block(width)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)

    @override
    def forward(self, inputs: Tensor) -> Tensor:
        """(n, classes) logits."""
        tokens = self.patches(inputs).flatten(2).transpose(1, 2) + self.position
        logits: Tensor = self.head(self.norm(self.second(self.first(tokens))).mean(dim=1))
        return logits


def _window(shape: Shape) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """Kernel, padding and the stride that halves: in the plane for images, along time for a series."""
    return ((1, 5), (0, 2), (1, 2)) if shape[1] == 1 else ((3, 3), (1, 1), (2, 2))


def _mlp_small(shape: Shape, classes: int) -> nn.Module:
    return Mlp(shape, classes, (32,))


def _mlp_large(shape: Shape, classes: int) -> nn.Module:
    return Mlp(shape, classes, (256, 128))


ARCHITECTURES: Final[Mapping[str, Build]] = MappingProxyType(
    {"mlp-small": _mlp_small, "mlp-large": _mlp_large, "cnn": Cnn, "cnn-bn": CnnBn, "vit": Vit}
)
