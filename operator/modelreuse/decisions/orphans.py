"""Records whose check is gone: nobody is left to say how the retraining ended, and none must stay open for ever.

Checks have no finalizer, since deleting one must not hang. So whoever deletes a check while its retraining runs takes
the Job and its answer along; what remains is that it was lost, and what it had cost so far.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from modelreuse.api import Failure, Outcome, RetrainingRecord
from modelreuse.decisions.observed import ObservedPod, RecordOutcome
from modelreuse.decisions.policies import Rules
from modelreuse.decisions.spending import spent


def is_open(record: RetrainingRecord) -> bool:
    """Whether the operator still owes its outcome."""
    return record.spec.source == "Operator" and record.outcome is None


def orphans(records: Iterable[RetrainingRecord], living: str | None) -> list[RetrainingRecord]:
    """Of records whose checks had one name, the open ones whose check is gone: all but those of the UID `living`."""
    return [record for record in records if is_open(record) and _check_of(record) != living]


def _check_of(record: RetrainingRecord) -> str | None:
    """The UID of the check whose retraining it is about."""
    return record.spec.check.uid if record.spec.check else None


def lost(
    record: RetrainingRecord,
    pods: Sequence[ObservedPod],
    rules: Rules | Failure,
    node_labels: Mapping[str, Mapping[str, str]],
    now: datetime,
) -> RecordOutcome:
    """The outcome of an orphan; `pods` are those of its retraining that can still be seen."""
    profile = None if isinstance(rules, Failure) else rules.profile.spec
    cost = spent(pods, profile, node_labels, now) if any(pod.started_at for pod in pods) else {}
    outcome = Outcome.model_validate({"finished_at": now, "result": "Lost", **cost})
    return RecordOutcome(record=record.metadata.name, outcome=outcome)
