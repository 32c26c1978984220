"""The prediction: made when the last candidate has answered, and anew when the CostProfile says something else.

A human approves figures together with the profile that they were computed by, so the two must never part. Scores and
the measured pass stay those of the assessment; nothing is run again.
"""

from datetime import datetime

from modelreuse.api import (
    Action,
    CostProfileSpec,
    Failure,
    ModelAssessment,
    ModelReuseCheckStatus,
    Prediction,
)
from modelreuse.costs import Candidate, machine_of, predict
from modelreuse.decisions.answers import answering_pod
from modelreuse.decisions.commands import ending_with, to_assess_again
from modelreuse.decisions.digest import sha256_of
from modelreuse.decisions.observed import Observed, ObservedPod
from modelreuse.decisions.offer import target_of
from modelreuse.decisions.policies import Rules
from modelreuse.decisions.teaching import teaching

ASSUMED_BUDGET = 10_000
"""Steps within which an advisory check predicts, where no `spec.retraining.maxSteps` is declared."""


def predicted(observed: Observed, status: ModelReuseCheckStatus, rules: Rules | Failure, now: datetime) -> Prediction:
    """What adapting would cost by the profile of now, which it names."""
    retraining = observed.check.spec.retraining
    profile = None if isinstance(rules, Failure) else rules.profile.spec
    assessed = []
    for entry in status.assessments:
        pod = _measured_pod(observed, entry)
        machine = None
        if profile and pod:
            labels = observed.node_labels.get(pod.node or "", {})
            machine = machine_of(profile, labels, cpu_cores=pod.cpu_cores, gpus=pod.gpus)
        target = target_of(observed.check, entry)
        assessed.append(Candidate(entry, machine, None if target is None else float(target)))
    prediction = predict(
        assessed,
        actions=retraining.actions if retraining else (Action.FINE_TUNE, Action.RETRAIN),
        recipe=retraining.recipe if retraining else "default",
        batch_size=retraining.batch_size if retraining else observed.check.spec.assessment.batch_size,
        max_steps=retraining.max_steps if retraining else ASSUMED_BUDGET,
        records=teaching(observed.records, profile),
        profile=profile,
        now=now,
    )
    return prediction.model_copy(update={"cost_profile_sha256": _hash_of(profile)})


def is_outdated(status: ModelReuseCheckStatus, rules: Rules | Failure) -> bool:
    """Whether the prediction that is shown, and may yet be approved, was made by another profile than that of now."""
    if status.prediction is None or status.retraining is not None or status.rejected is not None:
        return False
    return not isinstance(rules, Failure) and status.prediction.cost_profile_sha256 != _hash_of(rules.profile.spec)


def renewed(observed: Observed, status: ModelReuseCheckStatus, rules: Rules, now: datetime) -> Prediction | Failure:
    """The prediction anew, by the profile of now; or why there is none: the pods that were measured may be gone."""
    if any(entry.measured and _measured_pod(observed, entry) is None for entry in status.assessments):
        again = to_assess_again(observed.check, status)
        message = "the CostProfile has changed since the assessment, and the pods that tell of their machines are gone"
        return Failure(reason="CostProfileChanged", message=ending_with(again, message))
    return predicted(observed, status, rules, now)


def _measured_pod(observed: Observed, entry: ModelAssessment) -> ObservedPod | None:
    job = observed.jobs.get(entry.job.name)
    return answering_pod(job) if job and job.uid == entry.job.uid else None


def _hash_of(profile: CostProfileSpec | None) -> str | None:
    return sha256_of(profile.to_wire()) if profile else None
