"""Samples for tests: classes in an embedding, and logits that mostly know them."""

from dataclasses import dataclass

import numpy as np

from modelreuse.scores import Observation, Sketches
from modelreuse.scores.chunk import chunk_of


@dataclass(frozen=True)
class Samples:
    """Plain arrays of n samples."""

    logits: np.ndarray
    embedding: np.ndarray
    labels: np.ndarray

    @property
    def predicted(self):
        return self.logits.argmax(axis=1)

    def batches(self, size=64, *, labelled=True):
        """The same as observations."""
        for start in range(0, len(self.labels), size):
            rows = slice(start, start + size)
            yield Observation.from_arrays(
                self.logits[rows], self.embedding[rows], self.labels[rows] if labelled else None
            )

    def take(self, rows):
        """Some of the samples, or the same in another order."""
        return Samples(self.logits[rows], self.embedding[rows], self.labels[rows])


def samples(seed, n=400, classes=4, size=8, shift=0.0, dtype=np.float64):
    """Embeddings around class means that depend on the number of classes only, moved by `shift` and cut at zero."""
    means = np.random.default_rng(classes).normal(size=(classes, size)) * 2
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, n)
    raw = means[labels] + random.normal(size=(n, size)) + shift * np.linspace(-1, 1, size)
    embedding = np.maximum(raw, 0)
    logits = embedding @ means.T - (means**2).sum(axis=1) / 4 + random.normal(size=(n, classes)) * 3
    return Samples(logits.astype(dtype), embedding.astype(dtype), labels)


def one_hot(classes, k):
    """Logits that predict exactly these classes."""
    return np.eye(k)[classes]


def result_of(score, reference_batches, new_batches):
    """What one score says after both data sets, each in one chunk per batch."""
    old = Sketches(score.reads)
    for observation in reference_batches:
        old.update(chunk_of(observation))
    new = Sketches(score.reads, old)
    for observation in new_batches:
        new.update(chunk_of(observation))
    return score.result(old, new)
