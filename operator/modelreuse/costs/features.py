"""The numbers that a prediction is made from, and which of them belong together.

Costs grow with how far wrong answers exceed what the target allows, so errors are taken over 1 - target. A new feature
is one function and one line.
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

from modelreuse.costs.cases import Situation

LEAST_SHARE = 0.005
"""Shares of wrong answers below this are not told apart: half a percent is one in two hundred samples."""
LEAST_NATS = 0.01

OF_TARGET = "log_allowed"
"""The feature that is the target alone."""

Feature = Callable[[Situation], float | None]


def _score(name: str) -> Feature:
    return lambda situation: situation.scores.get(name)


def _excess(wrong: Callable[[Situation], float | None]) -> Feature:
    """Logarithm of a share of wrong answers over the share that the target allows."""

    def feature(situation: Situation) -> float | None:
        share = wrong(situation)
        if share is None or situation.target is None:
            return None
        return math.log(max(share, LEAST_SHARE) / max(1 - situation.target, LEAST_SHARE))

    return feature


def _one_minus(name: str) -> Feature:
    def feature(situation: Situation) -> float | None:
        value = situation.scores.get(name)
        return None if value is None else 1 - value

    return feature


def _missing_to_target(name: str) -> Feature:
    def feature(situation: Situation) -> float | None:
        value = situation.scores.get(name)
        return None if value is None or situation.target is None else situation.target - value

    return feature


def _log(figure: Callable[[Situation], float | None], least: float) -> Feature:
    def feature(situation: Situation) -> float | None:
        value = figure(situation)
        return None if value is None else math.log(max(value, least))

    return feature


def _log_odds(share: Callable[[Situation], float | None]) -> Feature:
    def feature(situation: Situation) -> float | None:
        value = share(situation)
        if value is None:
            return None
        inside = min(max(value, LEAST_SHARE), 1 - LEAST_SHARE)
        return math.log(inside / (1 - inside))

    return feature


FEATURES: Mapping[str, Feature] = MappingProxyType(
    {
        "log_cross_entropy": _log(_score("initial_cross_entropy"), LEAST_NATS),
        "initial_error": _score("initial_error"),
        "excess_error": _excess(_score("initial_error")),
        "lda_error": _score("lda_error"),
        "excess_lda": _excess(_score("lda_error")),
        "distance": _score("resque_dist"),
        "arm": _score("arm"),
        "preindex": _score("preindex"),
        "mmd": _score("mmd"),
        "cluster_error": _score("resque_task_labelled"),
        "predicted_cluster_error": _score("resque_task"),
        "excess_believed_error": _excess(_one_minus("estimated_accuracy")),
        "excess_calibrated_error": _excess(_one_minus("calibrated_confidence")),
        "doubt": _log(_one_minus("confidence"), LEAST_SHARE),
        OF_TARGET: _log(lambda s: None if s.target is None else 1 - s.target, LEAST_SHARE),
        "log_samples": _log(lambda s: s.samples, 1),
        "trainable_share": lambda s: s.trainable_share,
        "odds_of_error": _log_odds(_score("initial_error")),
        "odds_of_lda_error": _log_odds(_score("lda_error")),
        "odds_of_believed_error": _log_odds(_one_minus("estimated_accuracy")),
        "odds_after_10": _log_odds(_score("pilot_quality_10")),
        "odds_after_25": _log_odds(_score("pilot_quality_25")),
        "pilot_gap_10": _missing_to_target("pilot_quality_10"),
        "pilot_gap_25": _missing_to_target("pilot_quality_25"),
    }
)
"""None where the situation does not tell."""

TASK = (OF_TARGET, "log_samples", "trainable_share")
"""Known without any data; used where they are known."""


def _known(*scores: str) -> tuple[str, ...]:
    return (*scores, *TASK)


SCORES = frozenset(
    {
        "arm",
        "calibrated_confidence",
        "confidence",
        "estimated_accuracy",
        "initial_cross_entropy",
        "initial_error",
        "lda_error",
        "mmd",
        "pilot_quality_10",
        "pilot_quality_25",
        "preindex",
        "resque_dist",
        "resque_task",
        "resque_task_labelled",
    }
)
"""All that features read; other scores of a record are for people."""


FEATURE_SETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "pilot": _known("pilot_gap_10", "pilot_gap_25", "log_cross_entropy", "excess_error", "excess_lda", "distance"),
        "labelled": _known("log_cross_entropy", "lda_error", "distance"),
        "excess": _known("excess_error", "excess_lda"),
        "label-free": _known("excess_believed_error", "doubt", "distance", "preindex"),
    }
)
"""In order of preference: the first that a situation and its records have is used, or all of them are stacked."""

OF_TREES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "pilot": ("pilot_gap_10", "pilot_gap_25"),
        "labelled": ("log_cross_entropy", "excess_error", "lda_error", "excess_lda", "distance"),
        "label-free": (
            "excess_believed_error", "excess_calibrated_error", "doubt", "distance", "arm", "preindex", "mmd",
            "predicted_cluster_error",
        ),
    }
)  # fmt: skip
"""What trees look at beside the task, where the feature set of that name can be used: many columns cost them little."""

LABEL_FREE = frozenset({"label-free"})
"""For new data without labels; with labels they only add noise."""

QUALITY_SETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "pilot": _known("odds_after_25", "odds_after_10", "odds_of_lda_error", "distance"),
        "labelled": _known("odds_of_lda_error", "odds_of_error", "log_cross_entropy", "distance"),
        "label-free": _known("odds_of_believed_error", "doubt", "distance", "arm"),
    }
)
"""Of what quality is attainable; the first that a situation and its records have is used."""

BASELINES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "geometric mean": (),
        "initial error": ("initial_error",),
        "initial cross-entropy": ("log_cross_entropy",),
    }
)
"""What costs nothing to know. They run beside every prediction, and win where they are better."""


def is_labelled(situation: Situation) -> bool:
    """Whether the new data have labels: without, changed labels are invisible."""
    return "initial_error" in situation.scores
