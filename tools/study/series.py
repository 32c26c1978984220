"""What can happen to windows of a motion sensor: the same 14 mechanisms as for images, along time and across axes.

Windows are (n, 6, 1, time): three axes of acceleration, three of rotation, each about 1 in size.
"""

import math

import torch
from torch import Generator, Tensor
from torch.nn.functional import interpolate

LARGEST = 4.0
"""What the sensor shows at most."""
_PACKET = 16


def gaussian(windows: Tensor, sigma: float, random: Generator) -> Tensor:
    """A noisy amplifier: additive noise of that standard deviation."""
    return (windows + sigma * torch.randn(windows.shape, generator=random)).clamp(-LARGEST, LARGEST)


def impulse(windows: Tensor, share: float, random: Generator) -> Tensor:
    """That share of the readings is a spike to the end of the scale."""
    chance = torch.rand(windows.shape, generator=random)
    return torch.where(chance < share / 2, LARGEST, torch.where(chance > 1 - share / 2, -LARGEST, windows))


def speckle(windows: Tensor, sigma: float, random: Generator) -> Tensor:
    """Noise in proportion to the reading."""
    return (windows * (1 + sigma * torch.randn(windows.shape, generator=random))).clamp(-LARGEST, LARGEST)


def defocus(windows: Tensor, width: float, random: Generator) -> Tensor:
    """A slow sensor: a Gaussian average over time; width: its standard deviation as a share of the window.

    The first and last reading go on outside the window.
    """
    del random
    time = windows.shape[-1]
    distance = torch.arange(time, dtype=torch.float32)
    reach = 4 * time
    outside = torch.arange(-reach, time + reach, dtype=torch.float32)
    kernel = torch.exp(-((outside[:, None] - distance[None, :]) ** 2) / (2 * (width * time) ** 2))
    inside = kernel[reach : reach + time].clone()
    inside[0] += kernel[:reach].sum(dim=0)
    inside[-1] += kernel[reach + time :].sum(dim=0)
    return windows @ (inside / kernel.sum(dim=0))


def pixelate(windows: Tensor, size: float, random: Generator) -> Tensor:
    """A lower sampling rate, as a share of the rate; readings are held in between."""
    del random
    time = windows.shape[-1]
    coarse = interpolate(windows, size=(1, max(1, round(size * time))), mode="area")
    return interpolate(coarse, size=(1, time), mode="nearest")


def rotation(windows: Tensor, degrees: float, random: Generator) -> Tensor:
    """A watch that turned on the wrist: both sensors' axes turn, around one axis chosen by lot for all windows."""
    axis = torch.randn(3, generator=random, dtype=torch.float64)
    x, y, z = (axis / axis.norm()).tolist()
    skew = torch.tensor([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    angle = math.radians(degrees)
    matrix = torch.eye(3) + math.sin(angle) * skew + (1 - math.cos(angle)) * skew @ skew
    return torch.cat([torch.einsum("ij,njht->niht", matrix, part) for part in torch.split(windows, 3, dim=1)], dim=1)


def translation(windows: Tensor, distance: float, random: Generator) -> Tensor:
    """A recording that starts late: nothing for that share of the window, and its end is lost."""
    del random
    late = round(distance * windows.shape[-1])
    return torch.cat([torch.zeros_like(windows[..., :late]), windows[..., : windows.shape[-1] - late]], dim=-1)


def scaling(windows: Tensor, size: float, random: Generator) -> Tensor:
    """Slower movement: the window shows its first part of that share, drawn out."""
    del random
    time = windows.shape[-1]
    kept = windows[..., : max(2, round(size * time))]
    return interpolate(kept, size=(1, time), mode="bilinear", align_corners=True)


def contrast(windows: Tensor, haze: float, random: Generator) -> Tensor:
    """A weak gain and an offset: that share of the signal is gone; the offset differs per axis, not per window."""
    offset = torch.randn((1, windows.shape[1], 1, 1), generator=random)
    return windows * (1 - haze) + haze * offset


def inversion(windows: Tensor, share: float, random: Generator) -> Tensor:
    """Blended with its negative in that share; 1 is a watch whose every sign is wrong."""
    del random
    return windows * (1 - 2 * share)


def patch(windows: Tensor, side: float, random: Generator) -> Tensor:
    """A gap in time, somewhere in each window; side: share of the window."""
    n, _, _, time = windows.shape
    length = round(side * time)
    start = torch.randint(0, time - length + 1, (n, 1, 1, 1), generator=random)
    moment = torch.arange(time)
    return windows.masked_fill((moment >= start) & (moment < start + length), 0.0)


def stripes(windows: Tensor, share: float, random: Generator) -> Tensor:
    """Packets of sixteen readings of an axis that did not arrive, others in each window; share: of all packets."""
    n, axes, _, time = windows.shape
    packets = axes * time // _PACKET
    rank = torch.rand((n, packets), generator=random).argsort(dim=1).argsort(dim=1)
    lost = (rank < round(share * packets)).view(n, axes, 1, -1).repeat_interleave(_PACKET, dim=-1)
    return windows.masked_fill(lost, 0.0)


def dead(windows: Tensor, share: float, random: Generator) -> Tensor:
    """Axes that show nothing or, the first of them, a constant 1; the same ones in all windows."""
    axes = torch.randperm(windows.shape[1], generator=random)[: round(share * windows.shape[1])]
    seen = windows.clone()
    seen[:, axes] = 0.0
    seen[:, axes[:1]] = 1.0
    return seen


def drift(windows: Tensor, strength: float, random: Generator) -> Tensor:
    """A warming sensor: within the window gain fades and an offset grows, and steps of an eighth are left."""
    del random
    ramp = torch.linspace(0, 1, windows.shape[-1])
    seen = windows * (1 - strength * ramp).clamp(0, 1) + 0.5 * strength * ramp
    return (seen * 8).round() / 8
