"""Assessments that several pods share: the Service by which they meet, what they wait for, and who speaks for all.

A pod that is lost ends the set, and the next attempt is another Job with another Service: nothing is resumed.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from modelreuse.api import AssessmentSummary, Failure, FieldError, UnreadableMessageError, parse_message
from modelreuse.decisions.answers import answering_pod
from modelreuse.decisions.observed import Observed, ObservedJob, ObservedPod
from modelreuse.decisions.progress import startup_problem
from modelreuse.manifests import assessment_service

PATIENCE = timedelta(seconds=60)
"""So long after the first pod began, all others should be there."""


def missing_service(observed: Observed, job: ObservedJob) -> Mapping[str, Any] | None:
    """The Service that the pods of a Job need and don't have; None where there is one, or one pod works alone."""
    if job.shards == 1 or job.service is not None:
        return None
    return assessment_service(observed.check, job.name, job.uid)


def foreign_service(observed: Observed, job: ObservedJob) -> Failure | None:
    """Why the Service under the Job's name isn't ours, or None when it is. It is never adopted."""
    service = job.service
    if service is None:
        return None
    ours = assessment_service(observed.check, job.name, job.uid)
    if service.owner_uid == job.uid and service.selector == ours["spec"]["selector"]:
        return None
    return Failure(
        reason="NameTaken",
        message=f"a Service that this check didn't make, or that was changed, stands under the name {job.name}; "
        "remove it to go on",
    )


def held_up(job: ObservedJob, now: datetime) -> Failure | None:
    """Why not all pods of a Job work yet, if that is known. Shards begin together, so the others wait for the last."""
    problem = startup_problem(job)
    if job.shards == 1 or job.suspended:
        return problem
    if problem is not None:
        waiting = sum(pod.waiting is not None for pod in job.pods)
        message = f"{waiting} of {job.shards} shards can't start, and the others wait for them: {problem.message}"
        return Failure(reason=problem.reason, message=message)
    began = min((pod.started_at for pod in job.pods if pod.started_at), default=now)
    if len(job.pods) < job.shards and now - began > PATIENCE:
        message = (
            f"only {len(job.pods)} of {job.shards} shards of Job {job.name} have a pod, and they wait for the rest"
        )
        return Failure(reason="ShardsMissing", message=message)
    return None


def speaking_pod(job: ObservedJob, task: str) -> ObservedPod | None:
    """The pod whose answer counts: number 0 speaks for all.

    Where it has none, or says no more than that another was lost, that other may have said why: what a person has to
    mend counts before what may heal.
    """
    first = answering_pod(job)
    if first is not None and not _may_heal(first, task):
        return first
    failed = [pod for pod in sorted(job.pods, key=lambda pod: pod.index) if _error(pod, task)]
    return next((pod for pod in failed if not _may_heal(pod, task)), next(iter(failed), None))


def image_of(job: ObservedJob, speaking: ObservedPod) -> str | None:
    """What the node says that the Job ran; None where its pods ran different images, or not all of them are known."""
    images = {pod.index: pod.image_id for pod in (*job.pods, speaking)}
    return speaking.image_id if len(images) == job.shards and len(set(images.values())) == 1 else None


def _may_heal(pod: ObservedPod, task: str) -> bool:
    error = _error(pod, task)
    return error is not None and error.retryable


def _error(pod: ObservedPod, task: str) -> FieldError | None:
    """What a pod says went wrong with this task; None where it says something else, or nothing."""
    try:
        summary = parse_message(AssessmentSummary, pod.message or "")
    except UnreadableMessageError:
        return None
    return summary.error if summary.task == task else None
