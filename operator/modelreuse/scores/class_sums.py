"""Per-class sums of embeddings: what RESQUE and the nearest-centroid agreement both keep of a data set.

This module must not know what is computed from them.
"""

from __future__ import annotations

from typing import Final

from torch import Tensor
from typing_extensions import override

from modelreuse.scores.errors import WrongShape
from modelreuse.scores.observation import ClassBasis, Observation
from modelreuse.scores.result import Finding
from modelreuse.scores.sketch import Reference, Sketch

MINIMUM_CLASS_SAMPLES: Final = 20
"""A class with fewer samples than this in a data set says too little about itself to count."""


class ClassSums(Reference):
    """Sum of the embeddings (k, d) and number of samples (k,) of each class in the reference; 8 k (d + 1) bytes.

    basis: by which classes; by labels, batches without labels are passed over.
    minimum: samples from which a class counts.
    """

    def __init__(self, basis: ClassBasis = ClassBasis.PREDICTED, minimum: int = MINIMUM_CLASS_SAMPLES) -> None:
        super().__init__()
        self.basis = basis
        self.minimum = minimum

    @override
    def observe(self, observation: Observation) -> None:
        add_class_sums(self, observation, self.basis)

    @property
    def counts(self) -> Tensor:
        """(k,) samples of each class."""
        return self.total("counts")

    @property
    def sums(self) -> Tensor:
        """(k, d) sum of each class's embeddings."""
        return self.total("sums")

    @property
    def counted(self) -> Tensor:
        """(k,) whether a class has enough samples to count."""
        return self.counts >= self.minimum


def add_class_sums(sketch: Sketch, observation: Observation, basis: ClassBasis) -> None:
    """Add the batch to the sums `sums` and `counts` of a sketch; nothing without classes of that basis."""
    classes = observation.classes(basis)
    if classes is not None:
        sketch.add_rows("sums", classes, observation.embedding, observation.outputs)
        sketch.add_counts("counts", classes, observation.outputs)


def check_like(reference: ClassSums, observation: Observation) -> None:
    """Raise WrongShape unless the observation has as many classes and embedding columns as the reference."""
    seen, now = reference.shape("sums"), (observation.outputs, observation.embedding.shape[1])
    if seen is not None and seen != now:
        raise WrongShape(
            f"{now[0]} classes and embeddings of {now[1]} numbers, but the reference had {seen[0]} and {seen[1]}; "
            "both data sets must pass through the same model and the same layer"
        )


def nothing_seen(name: str, basis: ClassBasis) -> Finding:
    """Why a score is undefined when one of its data sets left no trace."""
    if basis is ClassBasis.LABELS:
        return Finding("LabelsMissing", f"{name} needs labels in the reference and in the new data")
    return Finding("EmptyData", f"{name} needs samples in the reference and in the new data")


def too_few(name: str, wanted: int, found: int, minimum: int) -> Finding:
    """Why a score is undefined when only `found` classes, but not `wanted`, have `minimum` samples."""
    needs = f"{name} needs at least {wanted} {'class' if wanted == 1 else 'classes'} of {minimum} samples or more"
    if found == 1:
        return Finding("OneClass", f"{needs}; there is only one")
    return Finding("TooFewSamples", f"{needs}; there is none")
