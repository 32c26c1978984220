"""Whether a model can be kept as it is: what the evidence at hand lets the policy's thresholds say.

| evidence | loss of quality | keep | adapt | unsettled |
|---|---|---|---|---|
| L0, no labels | guessed from confidence | never | too far, unless the guess is tolerated | all else |
| L1, an audit | known within its 95 % interval | all of it is tolerated | none of it is | part of it is |
| L2, labels on all | measured | it is tolerated | it is not | |
| L3, a pilot too | as L1: a pilot tells how fast a model learns, not how good it is | | | |

A distance beyond the policy's threshold is enough to adapt from L1 on. A model is kept only if every threshold holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from modelreuse.api import ModelAssessment, ReuseThresholds, decimal, format_decimal
from modelreuse.decisions.audits import audit_sentence, audited


class Verdict(StrEnum):
    """What becomes of a model on the new data."""

    KEEP = "Keep"
    ADAPT = "Adapt"
    UNSETTLED = "Unsettled"


@dataclass(frozen=True)
class Judgement:
    """A verdict on one model. reason: for programs; why: a phrase for people."""

    verdict: Verdict
    reason: str
    why: str


@dataclass(frozen=True)
class Loss:
    """Quality that users had less quality on the new data: as measured, and between which ends it lies."""

    estimate: Decimal
    low: Decimal
    high: Decimal


def judged(assessment: ModelAssessment, reuse: ReuseThresholds, standard: Decimal | None = None) -> Judgement:
    """Whether the model can be kept.

    standard: quality of the model in use on its reference, which a model that takes its place must keep as well.
    """
    scores = scores_of(assessment)
    usual = _usual(scores, standard)
    far = _too_far(scores, reuse)
    loss = quality_loss(assessment, usual)
    if loss is None:
        return _without_labels(assessment, reuse, usual, far)
    if loss.low > reuse.tolerated_loss:
        return _adapt(f"{_told(loss, assessment)}, more than {format_decimal(reuse.tolerated_loss)}")
    if far is not None:
        return _adapt(far)
    if missing := _missing(scores, reuse):
        return Judgement(Verdict.UNSETTLED, "ScoreMissing", missing)
    if loss.high > reuse.tolerated_loss:
        known = f"{_told(loss, assessment)}; more than {format_decimal(reuse.tolerated_loss)} can't be ruled out"
        return Judgement(Verdict.UNSETTLED, "AuditTooSmall", f"{known}; {_settled(assessment, reuse, usual)}")
    return Judgement(Verdict.KEEP, "WithinThresholds", "within every threshold of the policy")


def scores_of(assessment: ModelAssessment) -> Mapping[str, Decimal]:
    """Score rows by name."""
    return {score.name: score.value for score in assessment.scores}


def quality_loss(assessment: ModelAssessment, usual: Decimal | None) -> Loss | None:
    """The loss from the `usual` quality; None where that is unknown, or labels on the new data don't tell."""
    new, labelled = scores_of(assessment).get("initial_accuracy_new"), assessment.labelled or 0
    if usual is None or new is None or not labelled or assessment.evidence in (None, "L0"):
        return None
    if assessment.evidence == "L2":
        return Loss(usual - new, usual - new, usual - new)
    error = audited(round((1 - new) * labelled), labelled)
    return Loss(usual - new, usual - 1 + decimal(error.low), usual - 1 + decimal(error.high))


def resque_distance(scores: Mapping[str, Decimal]) -> Decimal | None:
    """How far the representations have moved, beyond what unmoved data show: by true labels, else by predicted ones."""
    return scores.get("resque_dist_labelled", scores.get("resque_dist"))


def _usual(scores: Mapping[str, Decimal], standard: Decimal | None) -> Decimal | None:
    own = scores.get("initial_accuracy_reference")
    return own if own is None or standard is None else max(own, standard)


def _too_far(scores: Mapping[str, Decimal], reuse: ReuseThresholds) -> str | None:
    distance = resque_distance(scores)
    if reuse.max_resque_dist is None or distance is None or distance <= reuse.max_resque_dist:
        return None
    return f"the RESQUE distance {format_decimal(distance)} exceeds {format_decimal(reuse.max_resque_dist)}"


def _missing(scores: Mapping[str, Decimal], reuse: ReuseThresholds) -> str | None:
    if reuse.max_resque_dist is None or resque_distance(scores) is not None:
        return None
    return "the policy judges by the RESQUE distance (resque_dist), which could not be computed"


def _without_labels(
    assessment: ModelAssessment, reuse: ReuseThresholds, usual: Decimal | None, far: str | None
) -> Judgement:
    scores = scores_of(assessment)
    guess = scores.get("estimated_accuracy")
    guessed = None if guess is None or usual is None else usual - guess
    if far is not None and (guessed is None or guessed > reuse.tolerated_loss):
        return _adapt(far if guessed is None else f"{far}, and confidence guesses a loss of {format_decimal(guessed)}")
    if missing := _missing(scores, reuse):
        return Judgement(Verdict.UNSETTLED, "ScoreMissing", missing)
    if far is not None and guessed is not None:
        known = (
            f"{far}, but confidence guesses a loss of {format_decimal(guessed)}, and only labels tell which is right"
        )
    elif reuse.max_resque_dist is None:
        known = "the policy judges by quality alone, which takes labels"
    else:
        known = "the representations have hardly moved, but that alone doesn't show that the answers are right"
    return Judgement(Verdict.UNSETTLED, "LabelsNeeded", f"{known}; {_settled(assessment, reuse, usual)}")


def _settled(assessment: ModelAssessment, reuse: ReuseThresholds, usual: Decimal | None) -> str:
    """What labels would settle, supposing the error that is known best: audited, else guessed, else the usual one."""
    if usual is None:
        return "labels (spec.data.labels) on 50 to 200 random samples of both data sets would settle it"
    scores = scores_of(assessment)
    loss = quality_loss(assessment, usual)
    quality = usual - loss.estimate if loss else scores.get("estimated_accuracy", usual)
    tolerated = min(1 - usual + reuse.tolerated_loss, Decimal(1))
    return audit_sentence(float(1 - quality), float(tolerated), assessment.samples or 0)


def _told(loss: Loss, assessment: ModelAssessment) -> str:
    if loss.low == loss.high:
        return f"quality fell by {format_decimal(loss.estimate)}"
    ends = f"{format_decimal(round(loss.low, 4))} to {format_decimal(round(loss.high, 4))}, 95 %"
    return f"by {assessment.labelled} labels quality fell by {format_decimal(round(loss.estimate, 4))} ({ends})"


def _adapt(why: str) -> Judgement:
    return Judgement(Verdict.ADAPT, "BeyondThresholds", why)
