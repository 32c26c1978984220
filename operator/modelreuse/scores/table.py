"""Which scores exist. A new score is one new file and one line here.

The keys are names in reports and features of predictions: once released, a key keeps its meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from modelreuse.scores.centroid_agreement import CentroidReference
from modelreuse.scores.class_coverage import ClassCoverageReference
from modelreuse.scores.confidence import Confidence
from modelreuse.scores.estimated_accuracy import EstimatedAccuracyReference
from modelreuse.scores.initial_cross_entropy import InitialCrossEntropy
from modelreuse.scores.initial_error import InitialError
from modelreuse.scores.observation import ClassBasis
from modelreuse.scores.resque_dist import ResqueReference
from modelreuse.scores.sketch import Reference

ScoreTable = Mapping[str, Callable[[], Reference]]
"""By name, what makes an empty reference of a score."""

SCORES: ScoreTable = MappingProxyType(
    {
        "resque_dist": ResqueReference,
        "resque_dist_labelled": partial(ResqueReference, ClassBasis.LABELS),
        "centroid_agreement": CentroidReference,
        "centroid_agreement_labelled": partial(CentroidReference, ClassBasis.LABELS),
        "confidence": Confidence,
        "estimated_accuracy": EstimatedAccuracyReference,
        "initial_error": InitialError,
        "initial_cross_entropy": InitialCrossEntropy,
        "class_coverage": ClassCoverageReference,
    }
)
