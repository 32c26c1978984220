"""What of the world a plan about a check can use: whatever isn't read can't be relied upon, and costs nothing."""

from dataclasses import dataclass

from modelreuse.api import Failure, ModelReuseCheckStatus
from modelreuse.decisions.piloting import is_pilot
from modelreuse.decisions.policies import Rules
from modelreuse.decisions.predicting import is_outdated
from modelreuse.decisions.verifying import is_finished
from modelreuse.manifests import JOB


@dataclass(frozen=True)
class JobToRead:
    """A Job, or what runs a retraining instead, by kind and name."""

    name: str
    kind: str = JOB.name


def jobs_to_read(status: ModelReuseCheckStatus, rules: Rules | Failure) -> list[JobToRead]:
    """The Jobs, with their pods, whose present state can change what follows."""
    jobs = []
    if status.assessed_at is None or is_outdated(status, rules) or _after_a_pilot(status):
        jobs += [JobToRead(entry.job.name) for entry in status.assessments]
    if status.screening is not None:
        jobs += [JobToRead(entry.job.name) for entry in status.screening.models]
    retraining, verification = status.retraining, status.verification
    if retraining is not None and retraining.job is not None and retraining.result is None:
        jobs.append(JobToRead(retraining.job.name, retraining.kind or JOB.name))
    if verification is not None and not is_finished(verification):
        jobs.append(JobToRead(verification.job.name))
    return jobs


def _after_a_pilot(status: ModelReuseCheckStatus) -> bool:
    """Whether a pilot has ended and makes room: the prediction is made anew then, by whatever profile there is now."""
    return status.retraining is not None and is_pilot(status.retraining) and status.retraining.result is not None


def names_in(status: ModelReuseCheckStatus) -> frozenset[str]:
    """The names of all objects of ours that status mentions: what has been asked for and isn't superseded."""
    names = {entry.job.name for entry in status.assessments}
    if status.screening is not None:
        names |= {entry.job.name for entry in status.screening.models}
    if status.retraining is not None:
        names.add(status.retraining.record)
        if status.retraining.job is not None:
            names.add(status.retraining.job.name)
    if status.verification is not None:
        names.add(status.verification.job.name)
    return frozenset(names)
