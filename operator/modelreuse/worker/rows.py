"""The score rows of a summary: one table says which figures travel, under which names.

| row | comes from | labels |
|---|---|---|
| a key of `scores.SCORES` | the score's value on the new data | as the score says |
| `confidence_reference` | mean confidence on the reference | Unused |
| `initial_error_reference` | share of wrong answers on the reference | Given |
| `initial_cross_entropy_reference` | cross-entropy on the reference, in nats | Given |
| `initial_accuracy_reference` | 1 - initial error on the reference: the quality that objectives refer to | Given |
| `initial_accuracy_new` | 1 - initial error on the new data | Given |

A row that can't be computed is absent, and a finding says why. A status has room for MAX_SCORES rows, so `IN_SUMMARY`
says which ones they are; the report has all. Names are features of predictions: they keep their meaning once released.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

from modelreuse.api import Failure, ScoreStatus, decimal
from modelreuse.api.types import MAX_TEXT
from modelreuse.scores import ClassBasis, Finding, ScoreResult, ShiftReport
from modelreuse.worker.wording import few, one_line

WITH_REFERENCE = ("confidence", "initial_error", "initial_cross_entropy")
"""Scores whose value on the reference is a row of its own, `NAME_reference`."""

ACCURACY_REFERENCE = "initial_accuracy_reference"
ACCURACY_NEW = "initial_accuracy_new"
NOT_PAIRED = "NotPaired"
IN_SUMMARY = (
    ACCURACY_REFERENCE,
    ACCURACY_NEW,
    "initial_error",
    "initial_cross_entropy",
    "initial_cross_entropy_reference",
    "resque_dist",
    "resque_dist_labelled",
    "arm",
    "preindex",
    "resque_task",
    "resque_task_labelled",
    "lda_error",
    "calibrated_confidence",
    "estimated_accuracy",
    "confidence",
    "confidence_reference",
    "class_coverage",
    "mmd",
)
"""The most telling first: where even these don't fit, the last ones stay out."""

Labels = Literal["Given", "Predicted", "Unused"]


def labels_of(basis: ClassBasis | None) -> Labels:
    """By which classes a score went, in the API's words."""
    if basis is None:
        return "Unused"
    return "Given" if basis is ClassBasis.LABELS else "Predicted"


def score_rows(scores: Mapping[str, ScoreResult]) -> list[ScoreStatus]:
    """The rows of a summary that have a figure; see the module's table."""
    rows = {name: (value, labels) for name, value, labels in _figures(scores)}
    return [
        ScoreStatus(name=name, value=decimal(rows[name][0]), labels=rows[name][1])
        for name in IN_SUMMARY
        if name in rows
    ]


def _figures(scores: Mapping[str, ScoreResult]) -> Iterator[tuple[str, float, Labels]]:
    for name, result in scores.items():
        if result.value is not None:
            yield name, result.value, labels_of(result.basis)
    for name in WITH_REFERENCE:
        if name in scores and "reference" in scores[name].details:
            yield f"{name}_reference", scores[name].details["reference"], labels_of(scores[name].basis)
    error = scores.get("initial_error")
    if error is not None and "reference" in error.details:
        yield ACCURACY_REFERENCE, 1.0 - error.details["reference"], "Given"
    if error is not None and error.value is not None:
        yield ACCURACY_NEW, 1.0 - error.value, "Given"


def findings(report: ShiftReport) -> list[Failure]:
    """What a reader must know, most important first: the passes' own findings, then which scores are undefined.

    Scores that are undefined for one reason share a finding. That data sets are not paired is none: they seldom are.
    """
    undefined: dict[str, list[tuple[str, Finding]]] = {}
    for name, result in report.scores.items():
        if result.undefined is not None and result.undefined.reason != NOT_PAIRED:
            undefined.setdefault(result.undefined.reason, []).append((name, result.undefined))
    return [
        *(failure(finding.reason, finding.message) for finding in report.findings),
        *(_undefined(reason, every) for reason, every in undefined.items()),
    ]


def failure(reason: str, message: str) -> Failure:
    """A finding in the API's form, on one line."""
    return Failure(reason=reason, message=one_line(message, MAX_TEXT))


def _undefined(reason: str, every: list[tuple[str, Finding]]) -> Failure:
    if len(every) == 1:
        return failure(reason, every[0][1].message)
    names = few([name for name, _ in every], at_most=8).replace("'", "")
    if reason == "LabelsMissing":
        return failure(reason, f"without labels these scores are undefined: {names}")
    return failure(reason, f"{every[0][1].message}; also undefined for this reason: {names}")
