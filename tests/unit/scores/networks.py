"""Small networks of the usual kinds, with fixed weights, and one that is exported and loaded again."""

import io

import torch
from torch import nn


class Convolutional(nn.Module):
    """Convolution, batch norm, functional activation, mean over space, head; layers registered against their order."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(6, 3)
        self.conv = nn.Conv2d(1, 6, 3)
        self.norm = nn.BatchNorm2d(6)

    def forward(self, x):
        return self.head(torch.relu(self.norm(self.conv(x))).mean(dim=(2, 3)))


class Transformer(nn.Module):
    """An encoder of 5 tokens; the head reads all tokens, the output is that of the first, or their mean."""

    def __init__(self, read):
        super().__init__()
        self.encoder = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.head = nn.Linear(8, 3)
        self.read = read

    def forward(self, x):
        scores = self.head(self.encoder(x))
        return scores.mean(dim=1) if self.read == "mean" else scores[:, 0 if self.read == "first" else -1]


def perceptron():
    """Two linear layers of equal width, with an activation that writes in place."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 3), nn.ReLU(inplace=True), nn.Linear(3, 3))


def convolutional():
    """A convolutional classifier of (n, 1, 8, 8) whose output differs enough between samples to use all classes."""
    torch.manual_seed(0)
    model = Convolutional()
    with torch.no_grad():
        model.head.weight *= 20
        model.head.bias -= model.eval()(images(200)).mean(dim=0)
    return model.train()


def images(n, seed=0):
    """(n, 1, 8, 8) float32: noise of varying brightness and contrast."""
    random = torch.Generator().manual_seed(seed)
    noise = torch.randn(n, 1, 8, 8, generator=random)
    return noise * torch.rand(n, 1, 1, 1, generator=random) * 3 + torch.randn(n, 1, 1, 1, generator=random)


def exported(model, example):
    """The model as `torch.export` writes and reads it, with its modules back under their names."""
    file = io.BytesIO()
    shapes = ({0: torch.export.Dim("n", min=1, max=4096)},)
    torch.export.save(torch.export.export(model.eval(), (example,), dynamic_shapes=shapes), file)
    file.seek(0)
    return torch.export.unflatten(torch.export.load(file))
