"""From a task's JSON to a summary and an exit status: what a pod does between its environment and its last message.

Exit status: 0 done; 3 a person has to mend something; 4 doing the same again may succeed. The summary is there in
each case, and it, not the status, is the answer.
"""

import json
import os
from dataclasses import dataclass
from typing import TypeVar

from pydantic import ValidationError

from modelreuse.api import (
    ApiModel,
    AssessmentSummary,
    AssessmentTask,
    FieldError,
    InputsSummary,
    InputsTask,
    VerificationSummary,
    VerificationTask,
)
from modelreuse.worker.errors import TaskError, from_unexpected
from modelreuse.worker.places import Places
from modelreuse.worker.summary import Summary, refused

DONE, BAD_INPUT, MAY_HEAL = 0, 3, 4

TASK_FIELD = "MODELREUSE_TASK"

Task = TypeVar("Task", bound=ApiModel)


@dataclass(frozen=True)
class Answer:
    """What the pod says, and how it ends."""

    summary: Summary
    exit_status: int


def answer(text: str | None, places: Places, *, started: float | None = None) -> Answer:
    """Does the task that `text` holds. Never raises: what goes wrong is in the summary."""
    kind, task_id = _kind_and_id(text)
    try:
        return Answer(_work(kind, text, places, started), DONE)
    except Exception as error:  # noqa: BLE001 - the last line of defence: a pod must answer
        problem = error if isinstance(error, TaskError) else from_unexpected(error, _field_at_fault(kind))
        return Answer(_refusal(kind, task_id, problem.as_field_error()), MAY_HEAL if problem.retryable else BAD_INPUT)


def _kind_and_id(text: str | None) -> tuple[str, str]:
    """The mode and id of a task that may be malformed: even then its answer should find its way back."""
    try:
        task = json.loads(text or "")
        return str(task.get("mode", "Assess")), str(task.get("task", ""))[:128]
    except (ValueError, AttributeError, RecursionError):
        return "Assess", ""


def _field_at_fault(kind: str) -> str:
    return "spec.data.evaluation" if kind == "Verify" else "spec"


_SUMMARIES: dict[str, type[Summary]] = {"Compare": InputsSummary, "Verify": VerificationSummary}
"""By mode; an assessment's is the rest."""


def _work(kind: str, text: str | None, places: Places, started: float | None) -> Summary:
    if not text:
        raise TaskError("BadTask", TASK_FIELD, "is not set; the worker is started by the operator, with a task as JSON")
    if kind == "Verify":
        from modelreuse.worker.verify import verify

        return verify(_parsed(VerificationTask, text), places)
    if kind == "Compare":
        from modelreuse.worker.inputs import compare

        return compare(_parsed(InputsTask, text), places)
    from modelreuse.worker.assess import assess
    from modelreuse.worker.shards import Shard

    task, shard = _parsed(AssessmentTask, text), Shard.of_environment(os.environ)
    return assess(task, places, started=started, shard=shard).summary


def _parsed(contract: type[Task], text: str) -> Task:
    try:
        return contract.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise TaskError("BadTask", TASK_FIELD, f"is no {contract.__name__}: {where}: {first['msg']}") from None


def _refusal(kind: str, task_id: str, error: FieldError) -> Summary:
    return refused(_SUMMARIES.get(kind, AssessmentSummary), task_id, error)
