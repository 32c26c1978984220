"""What of the world a plan about a check can use: whatever isn't read can't be relied upon, and costs nothing."""

from modelreuse.api import Failure, ModelReuseCheckStatus
from modelreuse.decisions.policies import Rules
from modelreuse.decisions.predicting import is_outdated
from modelreuse.decisions.verifying import is_finished


def jobs_to_read(status: ModelReuseCheckStatus, rules: Rules | Failure) -> list[str]:
    """The names of the Jobs, with their pods, whose present state can change what follows."""
    names = []
    if status.assessed_at is None or is_outdated(status, rules):
        names += [entry.job.name for entry in status.assessments]
    if status.screening is not None:
        names += [entry.job.name for entry in status.screening.models]
    retraining, verification = status.retraining, status.verification
    if retraining is not None and retraining.job is not None and retraining.result is None:
        names.append(retraining.job.name)
    if verification is not None and not is_finished(verification):
        names.append(verification.job.name)
    return names


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
