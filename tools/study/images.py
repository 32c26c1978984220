"""What can happen to images: 14 mechanisms, each a function of pixels in [0, 1], a strength and randomness.

Images are (n, 1, height, width). Lengths are shares of the side, so that a strength means the same at 8 and 28 pixels.
Everything stays in [0, 1], as a camera's output does.
"""

import math

import torch
from torch import Generator, Tensor
from torch.nn.functional import affine_grid, grid_sample, interpolate


def gaussian(images: Tensor, sigma: float, random: Generator) -> Tensor:
    """Too little light: additive noise of that standard deviation."""
    return (images + sigma * torch.randn(images.shape, generator=random)).clamp(0, 1)


def impulse(images: Tensor, share: float, random: Generator) -> Tensor:
    """That share of the pixels is black or white, elsewhere in each image."""
    chance = torch.rand(images.shape, generator=random)
    return torch.where(chance < share / 2, 1.0, torch.where(chance > 1 - share / 2, 0.0, images))


def speckle(images: Tensor, sigma: float, random: Generator) -> Tensor:
    """Noise in proportion to brightness."""
    return (images * (1 + sigma * torch.randn(images.shape, generator=random))).clamp(0, 1)


def defocus(images: Tensor, width: float, random: Generator) -> Tensor:
    """A Gaussian blur; width: its standard deviation as a share of the side. Outside the image it is dark."""
    del random
    side = images.shape[-1]
    distance = torch.arange(side, dtype=torch.float32)
    kernel = torch.exp(-((distance[:, None] - distance[None, :]) ** 2) / (2 * (width * side) ** 2))
    # Normalised by the whole bell, not by the part inside the image: what leaves the image is lost.
    offsets = torch.arange(-4 * side, 4 * side + 1, dtype=torch.float32)
    kernel = kernel / torch.exp(-(offsets**2) / (2 * (width * side) ** 2)).sum()
    return kernel @ images @ kernel


def pixelate(images: Tensor, size: float, random: Generator) -> Tensor:
    """Only so many pixels per side, as a share of the side."""
    del random
    side = images.shape[-1]
    coarse = max(1, round(size * side))
    return interpolate(interpolate(images, size=(coarse, coarse), mode="area"), size=(side, side), mode="nearest")


def rotation(images: Tensor, degrees: float, random: Generator) -> Tensor:
    """A camera that turned."""
    del random
    angle = math.radians(degrees)
    cosine, sine = math.cos(angle), math.sin(angle)
    return _moved(images, [[cosine, -sine, 0.0], [sine, cosine, 0.0]])


def translation(images: Tensor, distance: float, random: Generator) -> Tensor:
    """A camera that slipped by that share of the side, in one direction for all images."""
    direction = 2 * math.pi * float(torch.rand((), generator=random))
    across, down = 2 * distance * math.cos(direction), 2 * distance * math.sin(direction)
    return _moved(images, [[1.0, 0.0, across], [0.0, 1.0, down]])


def scaling(images: Tensor, size: float, random: Generator) -> Tensor:
    """A camera farther away: everything in that share of its size."""
    del random
    return _moved(images, [[1 / size, 0.0, 0.0], [0.0, 1 / size, 0.0]])


def contrast(images: Tensor, haze: float, random: Generator) -> Tensor:
    """Stray light: that share of the contrast is gone, and the image brighter."""
    del random
    return images * (1 - haze) + 0.8 * haze


def inversion(images: Tensor, share: float, random: Generator) -> Tensor:
    """Blended with its negative in that share; 1 is the negative itself."""
    del random
    return images * (1 - share) + (1 - images) * share


def patch(images: Tensor, side: float, random: Generator) -> Tensor:
    """A black square on each image, somewhere inside; side: share of the image's."""
    n, _, height, width = images.shape
    length = round(side * width)
    top = torch.randint(0, height - length + 1, (n, 1, 1, 1), generator=random)
    left = torch.randint(0, width - length + 1, (n, 1, 1, 1), generator=random)
    row, column = torch.arange(height)[:, None], torch.arange(width)[None, :]
    covered = (row >= top) & (row < top + length) & (column >= left) & (column < left + length)
    return images.masked_fill(covered, 0.0)


def stripes(images: Tensor, share: float, random: Generator) -> Tensor:
    """Rows that did not arrive, others in each image."""
    n, _, height, _ = images.shape
    return images.masked_fill(_chosen(n, height, share, random)[:, None, :, None], 0.0)


def dead(images: Tensor, share: float, random: Generator) -> Tensor:
    """Columns of the sensor that show black or, every third, white; the same ones in all images."""
    width = images.shape[-1]
    columns = torch.randperm(width, generator=random)[: round(share * width)]
    seen = images.clone()
    seen[..., columns] = 0.0
    seen[..., columns[::3]] = 1.0
    return seen


def drift(images: Tensor, strength: float, random: Generator) -> Tensor:
    """An ageing sensor: gain fades downwards, dark current grows, and sixteen levels of grey are left."""
    del random
    ramp = torch.linspace(0, 1, images.shape[-2])[:, None]
    seen = images * (1 - strength * ramp).clamp(0, 1) + 0.2 * min(strength, 2.0) * ramp
    return (seen.clamp(0, 1) * 15).round() / 15


def _moved(images: Tensor, matrix: list[list[float]]) -> Tensor:
    grid = affine_grid(torch.tensor([matrix]).expand(len(images), 2, 3), list(images.shape), align_corners=False)
    return grid_sample(images, grid, padding_mode="zeros", align_corners=False)


def _chosen(n: int, length: int, share: float, random: Generator) -> Tensor:
    """(n, length) whether it is among the round(share * length) that are chosen by lot in each of n rows."""
    rank = torch.rand((n, length), generator=random).argsort(dim=1).argsort(dim=1)
    return rank < round(share * length)
