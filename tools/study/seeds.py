"""Randomness by name: what a thing is decides its random numbers, never the order in which things are made."""

import hashlib

import numpy as np
import torch


def number(*key: object) -> int:
    """A whole number in [0, 2**63) that the words of the key decide."""
    words = "/".join(str(word) for word in key)
    return int.from_bytes(hashlib.sha256(words.encode()).digest()[:8], "big") >> 1


def numpy_random(*key: object) -> np.random.Generator:
    """A NumPy generator for what the key names."""
    return np.random.default_rng(number(*key))


def torch_random(*key: object) -> torch.Generator:
    """A torch generator on the CPU for what the key names."""
    return torch.Generator().manual_seed(number(*key))
