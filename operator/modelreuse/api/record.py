"""RetrainingRecord: one retraining, for the next prediction and for the auditor.

Written before the Job starts, completed once when it ends, owned by nothing: deleting a check erases no history.
"""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from modelreuse.api.check import (
    ContentHashes,
    DigestComponents,
    Evaluations,
    Metadata,
    Pilot,
    PredictedCost,
    Scores,
    TrainingAction,
)
from modelreuse.api.types import (
    Amount,
    ApiModel,
    Attempt,
    DnsLabel,
    Fraction,
    Identity,
    Number,
    ObjectName,
    Sha256,
    StatusModel,
    Steps,
    Time,
    Uid,
)

MAX_PREIMAGE = 131_072


class CheckReference(ApiModel):
    """The check that a retraining came from."""

    name: ObjectName
    uid: Uid


class RecordedApproval(ApiModel):
    """Who said yes, to what, when."""

    digest: Sha256
    components: DigestComponents = []
    preimage: Annotated[str, StringConstraints(max_length=MAX_PREIMAGE)]
    """The canonical JSON (RFC 8785) whose SHA-256 is the digest."""
    requested_by: Identity
    edited_by: Identity | None = None
    """Who was the last to change the spec."""
    approved_by: Identity
    approved_by_groups: Annotated[str, StringConstraints(max_length=1024)] = ""
    at: Time


class RetrainingRecordSpec(ApiModel):
    """What was known before the retraining started."""

    source: Literal["Operator", "Imported"]
    check: CheckReference | None = None
    action: TrainingAction
    model: DnsLabel
    recipe: Annotated[str, StringConstraints(max_length=63)]
    max_steps: Annotated[Steps, Field(ge=1)]
    pilot: Pilot | None = None
    """Where it was a pilot, that stopped after so many steps whatever it reached: no prediction learns from these."""
    target: Fraction
    """The absolute quality to reach."""
    scores: Scores = []
    samples: Number | None = None
    """New samples to learn from."""
    trainable_share: Fraction | None = None
    """Of the parameters, what fine-tuning trains."""
    mechanism: Annotated[str, StringConstraints(max_length=63)] | None = None
    """What kind of shift it was, where somebody knows; records of one kind are held out together."""
    hashes: ContentHashes | None = None
    predicted: PredictedCost | None = None
    approval: RecordedApproval | None = None


class Outcome(ApiModel):
    """How it ended. Set once."""

    finished_at: Time
    result: Literal["Succeeded", "Failed", "Lost"]
    steps: Steps | None = None
    target_reached: bool | None = None
    """False means that the steps are a lower bound (right-censored)."""
    attempts: Attempt | None = None
    """How many pods it had, one after another."""
    evaluated_every: Annotated[Steps, Field(ge=1)] | None = None
    """Steps between two looks at the quality: the target was met in more than `steps - evaluatedEvery`."""
    evaluations: Evaluations | None = None
    """The quality that some of its looks saw, as the trainer reports; of a pilot, where it was asked to look."""
    pod_seconds: Amount | None = None
    energy_wh: Amount | None = None
    energy_basis: Literal["Measured", "Estimated", "Assumed", "Reported"] | None = None
    old_quality: Fraction | None = None
    new_quality: Fraction | None = None


class RetrainingRecord(StatusModel):
    """The custom resource as the API server serves it."""

    api_version: Literal["modelreuse.io/v1alpha1"] = "modelreuse.io/v1alpha1"
    kind: Literal["RetrainingRecord"] = "RetrainingRecord"
    metadata: Metadata
    spec: RetrainingRecordSpec
    outcome: Outcome | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "x-kubernetes-validations": [
                {"rule": "self.spec == oldSelf.spec", "message": "spec can't change once it is recorded"},
                {
                    "rule": "!has(oldSelf.outcome) || (has(self.outcome) && self.outcome == oldSelf.outcome)",
                    "message": "outcome is set once",
                },
                {
                    "rule": "self.spec.source != 'Operator' || (has(self.spec.check) && has(self.spec.approval))",
                    "message": "a record of the operator names its check and its approval",
                },
                {
                    "rule": "self.spec.source != 'Imported' || has(self.outcome)",
                    "message": "an imported record has an outcome",
                },
            ]
        }
    )

    @model_validator(mode="after")
    def _is_complete(self) -> "RetrainingRecord":
        if self.spec.source == "Operator" and (self.spec.check is None or self.spec.approval is None):
            raise ValueError("a record of the operator names its check and its approval")
        if self.spec.source == "Imported" and self.outcome is None:
            raise ValueError("an imported record has an outcome")
        return self

    @classmethod
    def parse(cls, served: dict[str, Any]) -> "RetrainingRecord":
        """The resource from the API server's JSON. Raises pydantic.ValidationError naming the field."""
        return cls.model_validate(served)
