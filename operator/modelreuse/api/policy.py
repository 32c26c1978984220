"""RetrainPolicy: what management sets. Thresholds belong here, never to the check that they judge."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from modelreuse.api.check import Metadata
from modelreuse.api.spending import Spending
from modelreuse.api.types import (
    Amount,
    ApiModel,
    DnsLabel,
    Duration,
    Fraction,
    Number,
    ObjectName,
    Sha256,
    StatusModel,
    Time,
    duration_seconds,
)

# Together with the lengths of strings these keep a policy's status at 64 KiB at most.
MAX_RESERVATIONS = 48
MAX_CHARGES = 110
MAX_LABELS = 16
MAX_EXPRESSIONS = 16

_LabelKey = Annotated[str, StringConstraints(max_length=316)]
_LabelValue = Annotated[str, StringConstraints(max_length=63)]
_LabelMap = Annotated[dict[_LabelKey, _LabelValue], Field(max_length=MAX_LABELS)]


class LabelSelectorRequirement(ApiModel):
    """One expression of a label selector."""

    key: _LabelKey
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: Annotated[list[_LabelValue], Field(max_length=32)] = []


class LabelSelector(ApiModel):
    """A Kubernetes label selector; empty selects everything."""

    match_labels: _LabelMap = {}
    match_expressions: Annotated[list[LabelSelectorRequirement], Field(max_length=MAX_EXPRESSIONS)] = []

    @property
    def keys(self) -> list[str]:
        """The labels that it reads, in order."""
        return sorted({*self.match_labels, *(each.key for each in self.match_expressions)})

    def matches(self, labels: dict[str, str]) -> bool:
        """Whether an object with these labels is selected."""
        return all(labels.get(key) == value for key, value in self.match_labels.items()) and all(
            _holds(requirement, labels) for requirement in self.match_expressions
        )

    def may_match(self, known: Mapping[str, str]) -> bool:
        """Whether an object that has these labels, and whatever others, can be selected."""
        return all(known.get(key, value) == value for key, value in self.match_labels.items()) and all(
            each.key not in known or _holds(each, dict(known)) for each in self.match_expressions
        )

    def must_match(self, known: Mapping[str, str]) -> bool:
        """Whether every object that has these labels is selected, whatever others it has."""
        return all(key in known for key in self.keys) and self.matches(dict(known))


def _holds(requirement: LabelSelectorRequirement, labels: dict[str, str]) -> bool:
    value = labels.get(requirement.key)
    match requirement.operator:
        case "In":
            return value is not None and value in requirement.values
        case "NotIn":
            return value is None or value not in requirement.values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None


UNNAMED_LOSS = Decimal("0.05")


class ReuseThresholds(ApiModel):
    """At or below these the model is kept. Without labels on the new data it never is."""

    max_quality_loss: Fraction | None = None
    """Largest loss of quality from the reference to the new data, which labels on both tell; where it isn't given, a
    loss of more than 0.05 that labels show is too large all the same."""
    max_resque_dist: Fraction | None = None
    """Largest RESQUE distance of the representations beyond what unmoved data show, from 0 to 1: the mean distance
    between halves of the reference is subtracted before, so 0 is no shift. Where it isn't given, it isn't asked for."""

    model_config = ConfigDict(
        json_schema_extra={
            "x-kubernetes-validations": [
                {
                    "rule": "has(self.maxQualityLoss) || has(self.maxResqueDist)",
                    "message": "at least one of maxQualityLoss and maxResqueDist must be given",
                }
            ]
        }
    )

    @model_validator(mode="after")
    def _something_is_asked(self) -> "ReuseThresholds":
        if self.max_quality_loss is None and self.max_resque_dist is None:
            raise ValueError("at least one of maxQualityLoss and maxResqueDist must be given")
        return self

    @property
    def tolerated_loss(self) -> Decimal:
        """The largest loss of quality with which a model is kept."""
        return UNNAMED_LOSS if self.max_quality_loss is None else self.max_quality_loss


class Limits(ApiModel):
    """A retraining whose predicted upper bound exceeds one of these is Blocked."""

    steps: Number | None = None
    hours: Amount | None = None
    energy_kwh: Amount | None = None
    carbon_kg: Amount | None = None
    money: Amount | None = None
    """In the CostProfile's currency."""


class Uncertainty(ApiModel):
    """How unsure a prediction may be before it is Inconclusive."""

    allow_assumed: bool = True
    """Whether a prediction without enough records, by the declared budget alone, can be approved."""
    max_high_over_low: Amount | None = None
    """Largest ratio of the upper to the lower end of the predicted steps."""
    min_reaches_target: Fraction = Decimal("0.7")
    """Least probability, where records tell one, with which an action reaches the target: what misses it is paid for
    nothing. docs/predictions.md says where the default comes from."""


class ApprovalRules(ApiModel):
    """How a human approves. That one must is not a setting."""

    valid_for: Duration = "168h"
    """How long after the end of the assessment it can be approved and launched."""

    @property
    def valid_seconds(self) -> int:
        """`validFor` in seconds."""
        return duration_seconds(self.valid_for)


class PromotionRules(ApiModel):
    """What the verification must show before the result may be promoted."""

    min_improvement: Fraction = Decimal("0.01")
    """Smallest gain in quality over the model in use, on held-out data."""
    require_target: bool = True
    """Whether the objective's target must be reached too."""


_SHORTEST_WINDOW = 3600
_WINDOW = "window is an hour at least: shorter ones forget what was spent before anybody has seen it"


class Budget(ApiModel):
    """What all retrainings of one namespace may use together within a rolling window. What isn't set doesn't bind."""

    window: Duration = "720h"
    energy_kwh: Amount | None = None
    carbon_kg: Amount | None = None
    """By the larger of location- and market-based emissions."""
    money: Amount | None = None
    """In the CostProfile's currency."""

    model_config = ConfigDict(
        json_schema_extra={
            "x-kubernetes-validations": [
                {
                    "rule": "has(self.energyKwh) || has(self.carbonKg) || has(self.money)",
                    "message": "at least one of energyKwh, carbonKg and money must be given",
                },
                {
                    "rule": "duration(self.window) >= duration('1h')",
                    "message": _WINDOW,
                    "fieldPath": ".window",
                },
            ]
        }
    )

    @model_validator(mode="after")
    def _something_is_bound(self) -> "Budget":
        if self.energy_kwh is None and self.carbon_kg is None and self.money is None:
            raise ValueError("at least one of energyKwh, carbonKg and money must be given")
        if self.window_seconds < _SHORTEST_WINDOW:
            raise ValueError(_WINDOW)
        return self

    @property
    def window_seconds(self) -> int:
        """`window` in seconds."""
        return duration_seconds(self.window)


class RetrainPolicySpec(ApiModel):
    """Which namespaces it governs, what it recommends, and what it blocks."""

    namespace_selector: LabelSelector = LabelSelector()
    cost_profile: ObjectName
    reuse: ReuseThresholds
    limits: Limits = Limits()
    budget: Budget | None = None
    uncertainty: Uncertainty = Uncertainty()
    approval: ApprovalRules = ApprovalRules()
    promotion: PromotionRules = PromotionRules()
    images: Annotated[list[Sha256], Field(min_length=1, max_length=16)] | None = None
    """Digests of the images whose assessments and verifications count; without it those of any image do."""
    require_image_digest: bool = True
    """Whether every image of a retraining's template must be named by digest: a tag can mean another image tomorrow."""
    timing_probe: Literal["Allow", "Forbid"] = "Allow"
    """Whether the assessment may run its five throwaway training steps."""


class Reservation(Spending):
    """What a retraining that hasn't ended may yet use: it is in nobody else's reach."""

    namespace: DnsLabel
    check: ObjectName
    record: DnsLabel
    """Name of the RetrainingRecord, made of the digest that was approved."""
    at: Time


class Charge(Spending):
    """What a retraining used that has ended, or several one after the other; counts until the window has passed."""

    namespace: DnsLabel
    at: Time


class RetrainPolicyStatus(StatusModel):
    """What the policy reads, and the ledger of its budget. Written by the operator alone."""

    namespace_labels: Annotated[
        list[_LabelKey],
        Field(max_length=MAX_LABELS + MAX_EXPRESSIONS, json_schema_extra={"x-kubernetes-list-type": "atomic"}),
    ] = []
    """Labels of namespaces that the selector reads: only who may update this policy may change them."""

    reservations: Annotated[
        list[Reservation],
        Field(max_length=MAX_RESERVATIONS, json_schema_extra={"x-kubernetes-list-type": "atomic"}),
    ] = []
    charges: Annotated[
        list[Charge], Field(max_length=MAX_CHARGES, json_schema_extra={"x-kubernetes-list-type": "atomic"})
    ] = []


class RetrainPolicy(StatusModel):
    """The custom resource as the API server serves it. Cluster-scoped."""

    api_version: Literal["modelreuse.io/v1alpha1"] = "modelreuse.io/v1alpha1"
    kind: Literal["RetrainPolicy"] = "RetrainPolicy"
    metadata: Metadata
    spec: RetrainPolicySpec
    status: RetrainPolicyStatus = RetrainPolicyStatus()

    @classmethod
    def parse(cls, served: dict[str, Any]) -> "RetrainPolicy":
        """The resource from the API server's JSON. Raises pydantic.ValidationError naming the field."""
        return cls.model_validate(served)
