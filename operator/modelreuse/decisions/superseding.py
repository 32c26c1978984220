"""Cleaning up: which of our Jobs nobody needs any more.

A Job and its pods stay for their logs until others stand in their place: a later attempt, or the next assessment. A
retraining is deleted by us only where that is the one way to end it; else it goes with its check.
"""

from collections.abc import Iterator

from modelreuse.api import Failure, JobReference, ModelReuseCheckStatus
from modelreuse.decisions.observed import Observed, OwnedJob
from modelreuse.manifests import KINDS
from modelreuse.manifests.assessment import ROLE as ASSESSMENT
from modelreuse.manifests.verification import ROLE as VERIFICATION


def superseded(observed: Observed, status: ModelReuseCheckStatus) -> tuple[OwnedJob, ...]:
    """Assessments and verifications that status no longer names, once every Job that it names instead stands."""
    named: list[JobReference] = [entry.job for entry in status.assessments]
    if status.screening is not None:
        named += [entry.job for entry in status.screening.models]
    if status.verification is not None:
        named.append(status.verification.job)
    if not named or any(job.uid is None for job in named):
        return ()
    kept = {job.name for job in named}
    return tuple(job for job in observed.owned if job.role in {ASSESSMENT, VERIFICATION} and job.name not in kept)


TIME_USED = "ApprovedTimeUsed"
"""Why a retraining has failed that goes on until somebody ends it."""
OUT_OF_TIME = frozenset({TIME_USED, "DeadlineExceeded"})


def overdue(observed: Observed, status: ModelReuseCheckStatus) -> tuple[OwnedJob, ...]:
    """The retraining or pilot whose time is over, of a kind that may go on all the same.

    Its own controller tries to stop it once. Then it is for us.
    """
    ended = {digest for digest, failure in _failures(status) if failure is not None and failure.reason in OUT_OF_TIME}
    return tuple(job for job in observed.owned if job.task in ended and not KINDS[job.kind].deadline_changes)


def _failures(status: ModelReuseCheckStatus) -> Iterator[tuple[str | None, Failure | None]]:
    """By digest, why what was launched for this assessment has failed."""
    if status.retraining is not None:
        yield status.retraining.intent.digest, status.retraining.failure
    if status.pilot is not None:
        yield status.pilot.digest, status.pilot.failure
