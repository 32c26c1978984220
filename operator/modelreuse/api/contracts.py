"""What travels between the operator and the pods it starts: a task in, a summary out; a plan in, a result out.

Tasks and plans come from the operator and are trusted. Summaries and results come back by the termination message
(at most 4,096 bytes) and are not: they are parsed strictly, and whatever a requester's own code says stays Reported.
"""

from itertools import pairwise
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, ValidationError

from modelreuse.api.check import (
    Basis,
    CodeSource,
    ContentHashes,
    DataSources,
    Evaluation,
    EvidenceTier,
    Findings,
    ListedLayers,
    MeasuredPass,
    ModelSource,
    MovedLayers,
    Objective,
    Precision,
    Scores,
    TrainingAction,
)
from modelreuse.api.names import TERMINATION_LOG_BYTES
from modelreuse.api.types import (
    Amount,
    ApiModel,
    BatchSize,
    Count,
    Fraction,
    LayerName,
    Number,
    Reason,
    Sentence,
    Sha256,
    Steps,
    Uri,
)

Message = TypeVar("Message", bound=ApiModel)

TaskId = Annotated[str, StringConstraints(max_length=128)]


class AssessmentTask(ApiModel):
    """What an assessment pod is asked to do, as JSON in `MODELREUSE_TASK`."""

    version: Literal[1] = 1
    mode: Literal["Assess"] = "Assess"
    task: TaskId
    """Echoed in the summary: an answer to another task is no answer."""
    model: ModelSource
    data: DataSources
    code: CodeSource | None = None
    objective: Objective = Objective()
    batch_size: BatchSize = 64
    precision: Precision | None = None
    probe_batch_size: BatchSize | None = 64
    """Batch size of the timing probe's training steps; null means no probe."""
    output: Uri | None = None


class VerificationTask(ApiModel):
    """What a verification pod is asked to do, as JSON in `MODELREUSE_TASK`."""

    version: Literal[1] = 1
    mode: Literal["Verify"] = "Verify"
    task: TaskId
    old: ModelSource
    new: ModelSource
    artifact_sha256: Sha256
    """Of the new model, as it was reported; other bytes are refused."""
    data: DataSources
    """With `evaluation` and `labels`."""
    code: CodeSource | None = None
    code_sha256: Sha256 | None = None
    """Of the code, as it was assessed and approved; other code is refused."""
    objective: Objective = Objective()
    batch_size: BatchSize = 64


class InputsTask(ApiModel):
    """What the first container of a retraining's pod is asked to do, as JSON in `MODELREUSE_TASK`."""

    version: Literal[1] = 1
    mode: Literal["Compare"] = "Compare"
    task: TaskId
    """The digest that was approved."""
    model: ModelSource
    data: DataSources
    code: CodeSource | None = None
    hashes: ContentHashes
    """Of what was assessed. Other bytes end the retraining before it begins."""


class FieldError(ApiModel):
    """Why a worker could not do its task, in one sentence that names the field."""

    reason: Reason
    field: Annotated[str, StringConstraints(max_length=128)]
    message: Sentence
    retryable: bool = False
    """Whether doing the same again may succeed."""


class AssessmentSummary(ApiModel):
    """What an assessment pod answers: exactly one of `error` and the rest."""

    version: Literal[1] = 1
    task: TaskId
    error: FieldError | None = None
    hashes: ContentHashes | None = None
    samples: Number | None = None
    classes: Number | None = None
    labelled: Count | None = None
    evidence: EvidenceTier | None = None
    scores: Scores = []
    findings: Findings = []
    moved: MovedLayers = []
    layers: ListedLayers = []
    trainable_share: Fraction | None = None
    backward_share: Fraction | None = None
    measured: MeasuredPass | None = None
    report_sha256: Sha256 | None = None


class VerificationSummary(ApiModel):
    """What a verification pod answers: exactly one of `error` and the rest."""

    version: Literal[1] = 1
    task: TaskId
    error: FieldError | None = None
    metric: Literal["accuracy"] = "accuracy"
    samples: Number | None = None
    old_quality: Fraction | None = None
    new_quality: Fraction | None = None
    evaluation_sha256: Sha256 | None = None
    artifact_sha256: Sha256 | None = None


class InputsSummary(ApiModel):
    """What the first container of a retraining's pod answers: no `error` means that all is as it was approved."""

    version: Literal[1] = 1
    task: TaskId
    error: FieldError | None = None


MAX_EVALUATIONS = 64


class TrainingPlan(ApiModel):
    """What a trainer is asked to do, as JSON in `MODELREUSE_PLAN`."""

    version: Literal[1] = 1
    action: TrainingAction
    model: ModelSource
    data: DataSources
    layers: Annotated[list[LayerName], Field(max_length=64)] = []
    """The layers to train; empty means all."""
    max_steps: Annotated[Steps, Field(ge=1)]
    pilot_steps: Annotated[Steps, Field(ge=1)] | None = None
    """Where this is a pilot: stop after so many steps. Schedules still follow `maxSteps`: it begins as the retraining
    would."""
    evaluate_at: Annotated[list[Annotated[Steps, Field(ge=1)]], Field(max_length=MAX_EVALUATIONS)] = []
    """Steps after which the quality is to be told, on samples that are held back; absent where nobody asks."""
    metric: Literal["accuracy"] = "accuracy"
    target: Fraction
    """The absolute quality at which the training may stop."""
    digest: Sha256
    """Of the approval. Echoed in the result."""
    output: Uri


class ReportedEvaluation(Evaluation):
    """The same in an answer."""

    model_config = ConfigDict(extra="forbid")


def _in_order(evaluations: list[ReportedEvaluation]) -> list[ReportedEvaluation]:
    if any(later.step <= earlier.step for earlier, later in pairwise(evaluations)):
        raise ValueError("each step must be greater than the one before")
    return evaluations


class TrainingResult(ApiModel):
    """What a trainer answers. All of it is Reported: nobody but the trainer saw it."""

    version: Literal[1] = 1
    digest: Sha256
    steps: Steps
    samples: Count
    seconds: Amount
    target_reached: bool
    evaluated_every: Annotated[Steps, Field(ge=1)] | None = None
    """Steps between two looks at the quality, where the training looked regularly."""
    evaluations: Annotated[list[ReportedEvaluation], Field(max_length=MAX_EVALUATIONS), AfterValidator(_in_order)] = []
    """What some of these looks saw, by increasing steps; those that the plan asks for among them."""
    energy_wh: Amount | None = None
    energy_basis: Literal[Basis.MEASURED, Basis.ESTIMATED, Basis.ASSUMED] | None = None
    artifact_uri: Uri
    artifact_sha256: Sha256


_BOUNDS = frozenset({"greater_than_equal", "less_than_equal", "too_long", "too_short", "string_too_long", "missing"})
"""Errors that pydantic words with nothing but what the contract says."""


class UnreadableMessageError(ValueError):
    """A termination message that is not the contract's JSON."""


def parse_message(contract: type[Message], message: str) -> Message:
    """A termination message as `contract`.

    Raises UnreadableMessageError, with one sentence that is safe to show (the message's own bytes are not in it).
    """
    if len(message.encode(errors="replace")) > TERMINATION_LOG_BYTES:
        raise UnreadableMessageError(f"the termination message is longer than {TERMINATION_LOG_BYTES} bytes")
    try:
        return contract.model_validate_json(message)
    except ValidationError as error:
        first = error.errors()[0]
        # The name of an unknown field is the message's own: only known names are shown.
        known = first["loc"][:-1] if first["type"] == "extra_forbidden" else first["loc"]
        where = ".".join(str(part) for part in known) or "the message"
        why = first["msg"] if first["type"] in _BOUNDS else first["type"]
        raise UnreadableMessageError(
            f"the termination message is not a valid {contract.__name__}: {where[:100]}: {why}"
        ) from None
