"""Summaries that always fit the termination message, whatever the names in them.

The kubelet cuts a message at 4,096 bytes, and half a JSON document is none. So what can be long gives way, in this
order: findings are shortened and then dropped from the end (the most important stand first), layers that moved are
dropped from the end (the farthest stand first), the layers worth training are written by whole blocks or left to the
report, score rows are dropped from the end.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from modelreuse.api import (
    MAX_FINDINGS,
    MAX_LAYERS_IN_STATUS,
    MAX_MOVED_LAYERS,
    AssessmentSummary,
    Failure,
    FieldError,
    Finding,
    InputsSummary,
    MovedLayer,
    VerificationSummary,
    decimal,
)
from modelreuse.api.check import MAX_LAYER_NAME
from modelreuse.api.names import TERMINATION_LOG_BYTES
from modelreuse.api.types import MAX_NOTE, MAX_TEXT
from modelreuse.worker.wording import in_bytes, one_line

if TYPE_CHECKING:  # a summary is written also where torch could not be loaded
    from modelreuse.scores import TrainedSuffix

Summary = AssessmentSummary | InputsSummary | VerificationSummary

_FINDINGS_RESERVE = 800
"""Bytes that layers leave to findings."""
_SHORTEST_MESSAGE = 40


def encode(summary: Summary) -> str:
    """The summary as compact JSON."""
    return json.dumps(summary.to_wire(), separators=(",", ":"), ensure_ascii=False)


def size(summary: Summary) -> int:
    """Bytes of the summary as JSON."""
    return len(encode(summary).encode())


def fitted(
    summary: AssessmentSummary,
    findings: Iterable[Failure],
    spellings: Iterable[TrainedSuffix],
    moved: Iterable[MovedLayer] = (),
    *,
    limit: int = TERMINATION_LOG_BYTES,
) -> AssessmentSummary:
    """The summary with as much of the findings and layers as `limit` bytes hold.

    spellings: ways to name the layers worth training, longest first; the first one that fits is taken. moved: layers
    that moved, the farthest first.
    """
    dropped = 0
    while size(summary) > limit - _FINDINGS_RESERVE and len(summary.scores) > 1:
        summary = summary.model_copy(update={"scores": summary.scores[:-1]})
        dropped += 1
    wanted = list(findings)
    if dropped:
        wanted.insert(0, Failure(reason="SummaryCut", message=f"{dropped} scores don't fit; see the report"))
    summary, complete = _with_layers(summary, list(spellings), limit)
    if not complete:
        note = "the names of the layers worth training don't fit; layers and their shares are those of the head alone"
        wanted.insert(0, Failure(reason="LayersNotListed", message=note))
    summary = _with_moved(summary, list(moved)[:MAX_MOVED_LAYERS], limit)
    return _with_findings(summary, wanted[:MAX_FINDINGS], limit)


def _with_layers(
    summary: AssessmentSummary, spellings: list[TrainedSuffix], limit: int
) -> tuple[AssessmentSummary, bool]:
    for index, suffix in enumerate(spellings):
        if len(suffix.names) > MAX_LAYERS_IN_STATUS or any(len(name) > MAX_LAYER_NAME for name in suffix.names):
            continue
        update = {
            "layers": list(suffix.names),
            "trainable_share": decimal(suffix.parameters),
            "backward_share": None if suffix.backward is None else decimal(suffix.backward),
        }
        tried = summary.model_copy(update=update)
        if size(tried) <= limit - _FINDINGS_RESERVE:
            same = suffix.parameters == spellings[0].parameters
            return tried, index < len(spellings) - 1 or same
    return summary, not spellings


def _with_moved(summary: AssessmentSummary, moved: list[MovedLayer], limit: int) -> AssessmentSummary:
    for count in range(len(moved), 0, -1):
        tried = summary.model_copy(update={"moved": moved[:count]})
        if size(tried) <= limit - _FINDINGS_RESERVE:
            return tried
    return summary


def _with_findings(summary: AssessmentSummary, wanted: list[Failure], limit: int) -> AssessmentSummary:
    for position, finding in enumerate(wanted):
        waiting = len(wanted) - position - 1
        room = limit - size(_with_finding(summary, finding.reason, "")) - waiting * (_SHORTEST_MESSAGE + 100)
        message = in_bytes(one_line(finding.message, MAX_NOTE), max(_SHORTEST_MESSAGE, room))
        tried = _with_finding(summary, finding.reason, _plain(message))
        if size(tried) > limit:
            break
        summary = tried
    return summary


def _with_finding(summary: AssessmentSummary, reason: str, message: str) -> AssessmentSummary:
    return summary.model_copy(update={"findings": [*summary.findings, Finding(reason=reason, message=message)]})


def refused(kind: type[Summary], task: str, error: FieldError, *, limit: int = TERMINATION_LOG_BYTES) -> Summary:
    """The summary of a task that can't be done; its sentence is cut where it wouldn't fit."""
    message = _plain(error.message) or error.reason
    while True:
        summary = kind(task=task, error=error.model_copy(update={"message": message}))
        excess = size(summary) - limit
        if excess <= 0:
            return summary
        message = in_bytes(message, len(message.encode()) - excess)


def _plain(text: str) -> str:
    """Text that JSON writes in as many bytes as it has: no quotes that need a backslash."""
    return one_line(text.replace('"', "'").replace("\\", "/"), MAX_TEXT)
