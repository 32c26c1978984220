"""The network that reads digits: small enough that a retraining takes seconds on one CPU core."""

import torch
from torch import Tensor, nn

IMAGE_SIDE = 28
CLASSES = 10


class DigitNet(nn.Module):
    """Three convolutions and one linear layer, 16,938 parameters.

    The head holds 17 % of them, so that training the head alone is a real choice beside training everything.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, kernel_size=3, padding=1)
        self.conv3 = nn.Conv2d(32, 32, kernel_size=3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.head = nn.Linear(32 * (IMAGE_SIDE // 8) ** 2, CLASSES)

    def forward(self, pixels: Tensor) -> Tensor:
        """Logits of shape (n, 10) for images of shape (n, 1, 28, 28) with values in [0, 1]."""
        hidden = pixels
        for convolution in (self.conv1, self.conv2, self.conv3):
            hidden = self.pool(torch.relu(convolution(hidden)))
        logits: Tensor = self.head(hidden.flatten(1))
        return logits


def build() -> nn.Module:
    """The network with fresh random weights: the `factory` of a ModelReuseCheck."""
    return DigitNet()
