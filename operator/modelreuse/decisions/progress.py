"""What one stage of the flow hands to the next: the status so far, and what shall be created."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from modelreuse.api import Failure, ModelReuseCheckStatus
from modelreuse.decisions.observed import Deadline, Event, Ledger, Observed, ObservedJob, Refusal

MAX_ATTEMPTS = 3
"""Of an assessment or a verification, where trying again may help. A retraining is never tried again."""
RETRY_AFTER = timedelta(seconds=60)
"""When what was refused is asked for again, and what is held up is looked at again."""

SETTLING = timedelta(seconds=3)
"""Given to other controllers' caches to learn of what must stand before a launch: until then they would refuse it."""

SUSPENDED = Failure(reason="Suspended", message="spec.suspend is true: nothing new is launched")


@dataclass(frozen=True)
class Progress:
    """A stage's result."""

    status: ModelReuseCheckStatus
    create: tuple[Mapping[str, Any], ...] = ()
    stalled: Failure | None = None
    """Nothing more happens until a person mends this."""
    ledgers: tuple[Ledger, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    events: tuple[Event, ...] = ()
    """What no condition will say."""
    waiting: Failure | None = None
    """Why what was wanted hasn't happened yet; it is tried again."""
    wake_at: datetime | None = None
    """When time alone lets it go on, or ends it."""


def is_due(refusal: Refusal | None, now: datetime) -> bool:
    """Whether an object may be asked for: it never was refused, or not lately."""
    return refusal is None or now - refusal.at >= RETRY_AFTER


def stranger(observed: Observed, name: str, job: ObservedJob, task: str) -> Failure | None:
    """Why a Job under our name is not ours, or None when it is. A stranger is never adopted."""
    if job.owner_uid == observed.check.metadata.uid and job.task == task:
        return None
    return Failure(
        reason="NameTaken",
        message=f"a {job.kind} that this check didn't make stands under the name {name}; remove it to go on",
    )


def startup_problem(job: ObservedJob) -> Failure | None:
    """Why a pod of a running Job can't start, if that is known."""
    if job.suspended and job.queue is not None:
        return Failure(reason="Queued", message=f"{job.kind} {job.name} waits in the queue {job.queue}")
    if job.suspended:
        return Failure(reason="Suspended", message=f"{job.kind} {job.name} is suspended; a queue may be holding it")
    return next((pod.waiting for pod in job.pods if pod.waiting), None)
