"""Conditions: what a resource says of itself, in the form that kubectl, Argo CD and Flux understand.

The kstatus three (`Ready`, `Reconciling`, `Stalled`) speak to tools; ours speak to people. `Reconciling` and
`Stalled` exist only while true. Waiting for a person is `Ready`: a pipeline must not hang on a human.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import StringConstraints

from modelreuse.api.types import Generation, Reason, StatusModel, Text, Time


class ConditionType(StrEnum):
    """The condition types of a ModelReuseCheck, in the order in which a reader meets them."""

    READY = "Ready"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"
    ASSESSED = "Assessed"
    RETRAINING_RECOMMENDED = "RetrainingRecommended"
    APPROVED = "Approved"
    RETRAINED = "Retrained"
    PROMOTION_ALLOWED = "PromotionAllowed"


ONLY_WHILE_TRUE = frozenset({ConditionType.RECONCILING, ConditionType.STALLED})


class Condition(StatusModel):
    """One `metav1.Condition`."""

    type: Annotated[str, StringConstraints(max_length=32)]
    status: Literal["True", "False", "Unknown"]
    reason: Reason
    message: Text = ""
    last_transition_time: Time
    observed_generation: Generation | None = None

    @property
    def is_true(self) -> bool:
        """Whether the condition holds."""
        return self.status == "True"


def merge_conditions(before: Iterable[Condition], now_true_of: Iterable[Condition]) -> list[Condition]:
    """The conditions to store: `now_true_of`, each keeping its transition time while its status stays the same.

    Conditions that are absent from `now_true_of` are dropped; `Reconciling` and `Stalled` are dropped unless true.
    """
    since: dict[str, tuple[str, datetime]] = {c.type: (c.status, c.last_transition_time) for c in before}
    merged = []
    for condition in now_true_of:
        if condition.type in ONLY_WHILE_TRUE and not condition.is_true:
            continue
        status, time = since.get(condition.type, ("", condition.last_transition_time))
        kept = time if status == condition.status else condition.last_transition_time
        merged.append(condition.model_copy(update={"last_transition_time": kept}))
    order = {kind.value: index for index, kind in enumerate(ConditionType)}
    return sorted(merged, key=lambda c: order.get(c.type, len(order)))
