"""What one forward pass tells about how far new data have moved from what a model knows.

Two entrances. With a model: `measure_shift`, or its halves `pass_over_reference` and `pass_over_new`. With plain
arrays: `compare` on batches of `Observation`, so that others can check our numbers. Definitions and their sources stand
with each score. This package must not know of files, clusters, energy or cost: it turns tensors into figures.
"""

from modelreuse.scores.census import DataSummary
from modelreuse.scores.chunk import EMBEDDING
from modelreuse.scores.cka import linear_cka
from modelreuse.scores.class_sums import MINIMUM_CLASS_SAMPLES
from modelreuse.scores.contingency import adjusted_rand_index, balanced_nmi
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
from modelreuse.scores.evidence import Evidence, evidence_of
from modelreuse.scores.fine_tuning import TrainedSuffix, backward_shares, worth_training
from modelreuse.scores.frechet import frechet_distance
from modelreuse.scores.head import logits_in
from modelreuse.scores.layer_shift import LayerShift
from modelreuse.scores.layers import Inputs, Layer, layer_table, to_device
from modelreuse.scores.logme import logme
from modelreuse.scores.observation import Array, ClassBasis, Observation
from modelreuse.scores.passes import NewPass, ReferencePass, compare
from modelreuse.scores.replicates import Distance
from modelreuse.scores.result import Finding, ScoreResult
from modelreuse.scores.shift import Batches, ShiftReport, measure_shift, pass_over_new, pass_over_reference
from modelreuse.scores.sketch import Score, Sketch, Sketches
from modelreuse.scores.table import SCORES, ScoreTable
from modelreuse.scores.taps import Taps, find_head

__all__ = [
    "EMBEDDING",
    "MINIMUM_CLASS_SAMPLES",
    "SCORES",
    "ActivationsNotFinite",
    "Array",
    "Batches",
    "ClassBasis",
    "DataSummary",
    "Distance",
    "EmptyData",
    "Evidence",
    "Finding",
    "HeadNotFound",
    "Inputs",
    "InputsNotFinite",
    "InputsRejected",
    "LabelsNotIntegers",
    "LabelsOutOfRange",
    "Layer",
    "LayerShift",
    "NewPass",
    "Observation",
    "OneClass",
    "ReferencePass",
    "Score",
    "ScoreError",
    "ScoreResult",
    "ScoreTable",
    "ShiftReport",
    "Sketch",
    "Sketches",
    "Taps",
    "TrainedSuffix",
    "UnknownLayer",
    "WrongShape",
    "adjusted_rand_index",
    "backward_shares",
    "balanced_nmi",
    "compare",
    "evidence_of",
    "find_head",
    "frechet_distance",
    "layer_table",
    "linear_cka",
    "logits_in",
    "logme",
    "measure_shift",
    "pass_over_new",
    "pass_over_reference",
    "to_device",
    "worth_training",
]
