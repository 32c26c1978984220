"""The prediction: made when the last candidate has answered, and anew when the CostProfile says something else, or a
pilot has told how fast a model learns.

A human approves figures together with the profile that they were computed by, so the two must never part. Scores and
the measured pass stay those of the assessment; nothing is run again.
"""

from datetime import datetime

from modelreuse.api import (
    MAX_SCORES,
    Action,
    CostProfileSpec,
    Evaluation,
    Failure,
    ModelAssessment,
    ModelReuseCheckStatus,
    ScoreStatus,
)
from modelreuse.costs import Candidate, Machine, dearest_machine, hardware_of, machine_again, predict
from modelreuse.decisions.answers import answering_pod
from modelreuse.decisions.commands import ending_with, to_assess_again
from modelreuse.decisions.hardware import labels_of, machine_elsewhere, other_hardware, roofline_for
from modelreuse.decisions.intensity import by_the_grid
from modelreuse.decisions.observed import Observed, ObservedPod
from modelreuse.decisions.offer import target_of
from modelreuse.decisions.policies import Rules
from modelreuse.decisions.teaching import teaching

ASSUMED_BUDGET = 10_000
"""Steps within which an advisory check predicts, where no `spec.retraining.maxSteps` is declared."""
FOR_PEOPLE = frozenset({"class_coverage", "confidence_reference"})
"""Scores that nothing is computed from: they make room for a pilot's, and stay in the report."""
AFTER_A_PILOT = "L3"
"""The tier of evidence of a model whose pilot counts among its scores."""


def predicted(
    observed: Observed, status: ModelReuseCheckStatus, rules: Rules | Failure, now: datetime
) -> ModelReuseCheckStatus:
    """The status with what adapting would cost by the profile of now, which it names."""
    retraining = observed.check.spec.retraining
    rules = by_the_grid(observed, status, rules, now)
    profile = None if isinstance(rules, Failure) else rules.priced
    located = [_located(observed, each, profile) for each in status.assessments]
    told = located
    if not isinstance(rules, Failure):
        # Beside models that can be predicted for other hardware, the figures of one that can't would be of another.
        told = [each for each in located if other_hardware(observed, each, rules) is None] or located
    prediction = predict(
        [_candidate(observed, entry, profile) for entry in told],
        actions=retraining.actions if retraining else (Action.FINE_TUNE, Action.RETRAIN),
        recipe=retraining.recipe if retraining else "default",
        batch_size=retraining.batch_size if retraining else observed.check.spec.assessment.batch_size,
        max_steps=retraining.max_steps if retraining else ASSUMED_BUDGET,
        records=teaching(observed.records, profile),
        profile=profile,
        now=now,
    )
    if not isinstance(rules, Failure):
        by = {
            "cost_profile_sha256": rules.profile_sha256,
            "carbon_intensity": rules.intensity,
            "roofline": roofline_for(observed, located, rules.profile.spec),
        }
        prediction = prediction.model_copy(update=by)
    return status.model_copy(update={"prediction": prediction, "assessments": located})


def is_outdated(status: ModelReuseCheckStatus, rules: Rules | Failure) -> bool:
    """Whether the prediction that is shown, and may yet be approved, is not what would be predicted now: by another
    profile, or with what a pilot has told.
    """
    if status.retraining is not None or status.rejected is not None:
        return False
    return not isinstance(rules, Failure) and (_by_another(status, rules) or _untold(status) is not None)


def renewed(
    observed: Observed, status: ModelReuseCheckStatus, rules: Rules, now: datetime
) -> ModelReuseCheckStatus | Failure:
    """The status with its prediction anew; or why there is none: the pods that were measured may be gone."""
    gone = any(entry.measured and _measured_pod(observed, entry) is None for entry in status.assessments)
    if _by_another(status, rules) and gone:
        again = to_assess_again(observed.check, status)
        message = "the CostProfile has changed since the assessment, and pods or nodes that tell of machines are gone"
        return Failure(reason="CostProfileChanged", message=ending_with(again, message))
    return predicted(observed, _with_the_pilot(status), rules, now)


def _by_another(status: ModelReuseCheckStatus, rules: Rules) -> bool:
    return status.prediction is not None and status.prediction.cost_profile_sha256 != rules.profile_sha256


def _untold(status: ModelReuseCheckStatus) -> ModelAssessment | None:
    """The assessment that lacks what a pilot of its model has told."""
    pilot = status.pilot
    if pilot is None or not pilot.told:
        return None
    unaware = (one for one in status.assessments if one.model == pilot.model and one.evidence != AFTER_A_PILOT)
    return next(unaware, None)


def _with_the_pilot(status: ModelReuseCheckStatus) -> ModelReuseCheckStatus:
    pilot, lacking = status.pilot, _untold(status)
    if lacking is None:
        return status
    assert pilot is not None
    rows = [_score(each) for each in pilot.evaluations]
    kept = [row for row in lacking.scores if row.name not in {*FOR_PEOPLE, *(each.name for each in rows)}]
    told = {"scores": [*kept[: MAX_SCORES - len(rows)], *rows], "evidence": AFTER_A_PILOT}
    assessments = [one.model_copy(update=told) if one is lacking else one for one in status.assessments]
    return status.model_copy(update={"assessments": assessments})


def _score(seen: Evaluation) -> ScoreStatus:
    return ScoreStatus(name=f"pilot_quality_{seen.step}", value=seen.quality, labels="Given")


def _candidate(observed: Observed, entry: ModelAssessment, profile: CostProfileSpec | None) -> Candidate:
    target = target_of(observed.check, entry)
    machine = None
    if profile is not None:
        machine = machine_elsewhere(observed, entry, profile) or _machine(observed, entry, profile)
    return Candidate(entry, machine, None if target is None else float(target))


def _machine(observed: Observed, entry: ModelAssessment, profile: CostProfileSpec) -> Machine | None:
    """Of the pod that was measured, as status remembers it; where nobody saw its node, the dearest that it may be."""
    if entry.hardware is not None:
        return machine_again(profile, entry.hardware, gpus=entry.accelerators)
    pod = _answering_pod(observed, entry)
    return None if pod is None else dearest_machine(profile, {}, cpu_cores=pod.cpu_cores, gpus=pod.gpus)


def _located(observed: Observed, entry: ModelAssessment, profile: CostProfileSpec | None) -> ModelAssessment:
    """The assessment with what it ran on."""
    pod = _measured_pod(observed, entry)
    if pod is None or profile is None:
        return entry
    used = hardware_of(profile, labels_of(pod, observed.node_labels), cpu_cores=pod.cpu_cores)
    return entry.model_copy(update={"hardware": used})


def _measured_pod(observed: Observed, entry: ModelAssessment) -> ObservedPod | None:
    """The pod that was measured, as long as its node can be seen, too."""
    pod = _answering_pod(observed, entry)
    return pod if pod is not None and pod.node in observed.node_labels else None


def _answering_pod(observed: Observed, entry: ModelAssessment) -> ObservedPod | None:
    job = observed.jobs.get(entry.job.name)
    return answering_pod(job) if job and job.uid == entry.job.uid else None
