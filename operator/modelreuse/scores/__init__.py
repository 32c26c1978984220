"""What one forward pass tells about how far new data have moved from what a model knows.

Two entrances. With a model: `measure_shift`, or its halves `pass_over_reference` and `pass_over_new`. With plain
arrays: `compare` on batches of `Observation`, so that others can check our numbers. Definitions and their sources stand
with each score. This package must not know of files, clusters, energy or cost: it turns tensors into figures.
"""

from modelreuse.scores.centroid_agreement import CentroidAgreement, CentroidReference
from modelreuse.scores.class_coverage import ClassCoverage, ClassCoverageReference
from modelreuse.scores.class_sums import MINIMUM_CLASS_SAMPLES
from modelreuse.scores.confidence import Confidence
from modelreuse.scores.contingency import adjusted_rand_index
from modelreuse.scores.errors import (
    ActivationsNotFinite,
    EmptyData,
    HeadNotFound,
    InputsNotFinite,
    InputsRejected,
    LabelsNotIntegers,
    LabelsOutOfRange,
    OneClass,
    ScoreError,
    UnknownLayer,
    WrongShape,
)
from modelreuse.scores.estimated_accuracy import EstimatedAccuracy, EstimatedAccuracyReference
from modelreuse.scores.head import logits_in
from modelreuse.scores.initial_cross_entropy import InitialCrossEntropy
from modelreuse.scores.initial_error import InitialError
from modelreuse.scores.layers import Inputs, Layer, layer_table, to_device
from modelreuse.scores.observation import Array, ClassBasis, Observation
from modelreuse.scores.passes import DataSummary, NewPass, ReferencePass, compare
from modelreuse.scores.resque_dist import ResqueDist, ResqueReference
from modelreuse.scores.result import Finding, ScoreResult
from modelreuse.scores.shift import Batches, ShiftReport, measure_shift, pass_over_new, pass_over_reference
from modelreuse.scores.sketch import Reference, Score, Sketch
from modelreuse.scores.table import SCORES, ScoreTable
from modelreuse.scores.taps import Taps, find_head

__all__ = [
    "MINIMUM_CLASS_SAMPLES",
    "SCORES",
    "ActivationsNotFinite",
    "Array",
    "Batches",
    "CentroidAgreement",
    "CentroidReference",
    "ClassBasis",
    "ClassCoverage",
    "ClassCoverageReference",
    "Confidence",
    "DataSummary",
    "EmptyData",
    "EstimatedAccuracy",
    "EstimatedAccuracyReference",
    "Finding",
    "HeadNotFound",
    "InitialCrossEntropy",
    "InitialError",
    "Inputs",
    "InputsNotFinite",
    "InputsRejected",
    "LabelsNotIntegers",
    "LabelsOutOfRange",
    "Layer",
    "NewPass",
    "Observation",
    "OneClass",
    "Reference",
    "ReferencePass",
    "ResqueDist",
    "ResqueReference",
    "Score",
    "ScoreError",
    "ScoreResult",
    "ScoreTable",
    "ShiftReport",
    "Sketch",
    "Taps",
    "UnknownLayer",
    "WrongShape",
    "adjusted_rand_index",
    "compare",
    "find_head",
    "layer_table",
    "logits_in",
    "measure_shift",
    "pass_over_new",
    "pass_over_reference",
    "to_device",
]
