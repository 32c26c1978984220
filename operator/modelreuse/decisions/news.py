"""Events: what `kubectl describe` tells.

An event tells what has ended, what waits for a person, or what is held up; never that something has not begun, needs
nobody, or goes on as planned.
"""

from collections.abc import Iterable

from modelreuse.api import Condition, ConditionType
from modelreuse.decisions.approving import AWAITING, EXPIRED
from modelreuse.decisions.conditions import PILOT_ENDED
from modelreuse.decisions.observed import Event
from modelreuse.decisions.rejecting import REJECTED

_TOLD = {
    ConditionType.RECONCILING,
    ConditionType.STALLED,
    ConditionType.ASSESSED,
    ConditionType.RETRAINING_RECOMMENDED,
    ConditionType.APPROVED,
    ConditionType.RETRAINED,
    ConditionType.PROMOTION_ALLOWED,
}
_NO_NEWS = {
    *("Assessing", "NotAssessed", "NotStarted", "Launching", "Retraining", "Verifying"),
    *("NothingToApprove", "Advisory", "Suspended", "RetrainingFailed", "Piloting", "PilotOnly"),
}
"""Reasons that say no more than that. `RetrainingFailed` repeats what the retraining's own end told."""
_AS_INTENDED = {AWAITING, EXPIRED, REJECTED, PILOT_ENDED, "NoPolicy", "NotImproved", "TargetMissed"}
"""Reasons of a false condition that nobody has to mend."""


def news(before: Iterable[Condition], after: Iterable[Condition]) -> tuple[Event, ...]:
    """The events that the change from one set of conditions to the other is worth, one for each reason."""
    known = {(condition.type, condition.status, condition.reason) for condition in before}
    told = {
        condition.reason: Event(
            type="Warning" if _is_trouble(condition) else "Normal", reason=condition.reason, message=condition.message
        )
        for condition in after
        if condition.type in _TOLD
        and condition.status != "Unknown"
        and condition.reason not in _NO_NEWS
        and (condition.type, condition.status, condition.reason) not in known
    }
    return tuple(told.values())


def _is_trouble(condition: Condition) -> bool:
    if condition.type in {ConditionType.RECONCILING, ConditionType.STALLED}:
        return True
    if condition.type == ConditionType.RETRAINING_RECOMMENDED:
        return False
    return condition.status == "False" and condition.reason not in _AS_INTENDED
