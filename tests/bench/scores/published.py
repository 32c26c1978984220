"""The published algorithms, written anew as their public code computes them: one sample at a time, one class at a time.

Their defects are kept (Wasserstein of histogram heights, a range per histogram), for this is about what they cost.
"""

import numpy as np
import torch
from scipy.stats import entropy, wasserstein_distance
from torch.utils.data import DataLoader, TensorDataset

BINS = (16, 32, 64)


def resque_dist(model, reference, new, classes):
    """Per class, a loader goes through both data sets, one sample at a time; those of the class pass the body."""
    body = model[:-1]
    distances = []
    with torch.inference_mode():
        for c in range(classes):
            units = []
            for data in (reference, new):
                total = torch.zeros(1, dtype=torch.float64)
                for image, label in DataLoader(TensorDataset(*data), batch_size=1):
                    if label.item() == c:
                        total = total + body(image)[0]
                units.append(total / total.norm())
            distances.append(float(torch.arccos((units[0] @ units[1]).clamp(-1, 1)) / np.pi))
    return float(np.mean(distances))


def preindex(model, reference, new):
    """Sample i before and after the shift: histograms of every layer, four distances, three resolutions."""
    distances = []
    with torch.inference_mode():
        for before, after in zip(reference, new, strict=True):
            x, y = before[None], after[None]
            for layer in model:
                x, y = layer(x), layer(y)
                a, b = x.flatten().numpy(), y.flatten().numpy()
                distances += [figure for bins in BINS for figure in _four(a, b, bins)]
    return float(np.mean(distances))


def _four(a, b, bins):
    p, q = (np.histogram(values, bins=bins)[0] + 1e-10 for values in (a, b))
    p, q = p / p.sum(), q / q.sum()
    m = (p + q) / 2
    return (
        wasserstein_distance(p, q),
        -np.log(np.sqrt(p * q).sum()),
        (entropy(p, m) + entropy(q, m)) / 2,
        entropy(p, q),
    )
