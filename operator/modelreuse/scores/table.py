"""Which scores exist. A new score is one new file and one line here.

The keys are names in reports and features of predictions: once released, a key keeps its meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from modelreuse.scores.agreement import Agreement
from modelreuse.scores.arm import Arm
from modelreuse.scores.calibrated_confidence import CalibratedConfidence
from modelreuse.scores.cka import Cka
from modelreuse.scores.class_coverage import ClassCoverage
from modelreuse.scores.confidence import Confidence
from modelreuse.scores.estimated_accuracy import EstimatedAccuracy
from modelreuse.scores.frechet import Frechet
from modelreuse.scores.initial_cross_entropy import InitialCrossEntropy
from modelreuse.scores.initial_error import InitialError
from modelreuse.scores.lda_error import LdaError
from modelreuse.scores.logme import LogMe
from modelreuse.scores.mmd import Mmd
from modelreuse.scores.observation import ClassBasis
from modelreuse.scores.preindex import PreIndex
from modelreuse.scores.representation_change import RepresentationChange
from modelreuse.scores.resque_dist import ResqueDist
from modelreuse.scores.resque_task import ResqueTask
from modelreuse.scores.sketch import Score

ScoreTable = Mapping[str, Score]
"""Scores by name."""

SCORES: ScoreTable = MappingProxyType(
    {
        score.name: score
        for score in (
            InitialError(),
            InitialCrossEntropy(),
            ResqueDist(ClassBasis.PREDICTED),
            ResqueDist(ClassBasis.LABELS),
            Arm(),
            RepresentationChange(),
            PreIndex(),
            ResqueTask(ClassBasis.PREDICTED),
            ResqueTask(ClassBasis.LABELS),
            LdaError(),
            Confidence(),
            Agreement(),
            CalibratedConfidence(),
            EstimatedAccuracy(),
            ClassCoverage(),
            Frechet(),
            Mmd(),
            Cka(),
            LogMe(),
        )
    }
)
