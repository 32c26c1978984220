"""What to say of a check that this operator can't read.

The API server's schema lets none pass today; after an upgrade or a downgrade one may be left. Nothing else is known
of such a check, so whatever else its status holds stays as it is.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from modelreuse.api import Condition, ConditionType, merge_conditions
from modelreuse.controller.sentences import sentence

_conditions = TypeAdapter(list[Condition])


def status_of_invalid(served: Mapping[str, Any], error: ValidationError, now: datetime) -> dict[str, Any]:
    """The status to store: as it was, but not ready, and stalled until somebody mends what the message names."""
    status = dict(served.get("status") or {})
    generation = served["metadata"].get("generation", 1)
    reason = "InvalidStatus" if error.errors()[0]["loc"][:1] == ("status",) else "InvalidSpec"

    def condition(kind: ConditionType, state: str) -> Condition:
        return Condition.model_validate(
            {
                "type": kind,
                "status": state,
                "reason": reason,
                "message": sentence(error),
                "last_transition_time": now,
                "observed_generation": generation,
            }
        )

    before = _known_conditions(status)
    replaced = {ConditionType.READY, ConditionType.RECONCILING, ConditionType.STALLED}
    kept = [each for each in before if each.type not in replaced]
    said = [condition(ConditionType.READY, "False"), condition(ConditionType.STALLED, "True")]
    merged = merge_conditions(before, [*kept, *said])
    return {**status, "observedGeneration": generation, "conditions": [each.to_wire() for each in merged]}


def _known_conditions(status: Mapping[str, Any]) -> list[Condition]:
    try:
        return _conditions.validate_python(status.get("conditions", []))
    except ValidationError:
        return []
