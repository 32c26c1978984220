"""The pilot: a few real steps, approved for themselves, that show how fast a model learns before all steps are paid.

It is a retraining like any other, so whatever holds for launching, paying and recording one holds for it. What differs
stands here: when it comes first, what it has to tell, and how it makes room for the offer that it was for. Why:
docs/decisions/016-pilot.md.
"""

from modelreuse.api import (
    Evaluation,
    Failure,
    ModelAssessment,
    ModelReuseCheckStatus,
    PilotStatus,
    PredictedCost,
    Recommendation,
    RetrainingStatus,
    TrainingResult,
)
from modelreuse.costs import Candidate, Machine, machine_again, pilot_cost
from modelreuse.decisions.assessing import is_busy
from modelreuse.decisions.assessments import assessment_of
from modelreuse.decisions.hardware import machine_elsewhere
from modelreuse.decisions.hurdles import Hurdle, Objection, objection, over_limit
from modelreuse.decisions.observed import Observed
from modelreuse.decisions.offer import cost_of
from modelreuse.decisions.policies import Rules
from modelreuse.decisions.ranking import by_energy
from modelreuse.decisions.recommendation import needs_approval
from modelreuse.manifests import looks

LABELLED = frozenset({"L1", "L2"})
"""Evidence with labels, which a pilot needs to see a quality, and without a pilot's."""


def piloted(observed: Observed, status: ModelReuseCheckStatus, rules: Rules | Failure) -> ModelReuseCheckStatus:
    """The status with the pilot that comes before what is recommended, until a human has decided."""
    ended = status.pilot is not None and status.pilot.ended
    if status.retraining is not None or status.rejected is not None or ended:
        return status
    return status.model_copy(update={"pilot": _proposed(observed, status, rules)})


def concluded(observed: Observed, status: ModelReuseCheckStatus) -> ModelReuseCheckStatus:
    """The status without the retraining that was a pilot, once that is charged and recorded; what it told stays."""
    retraining, pilot = status.retraining, status.pilot
    if retraining is None or not is_pilot(retraining) or is_busy(observed, status):
        return status
    assert pilot is not None
    told = {
        "digest": retraining.intent.digest,
        "record": retraining.record,
        "finished_at": retraining.finished_at,
        "failure": retraining.failure,
    }
    return status.model_copy(update={"retraining": None, "approval": None, "pilot": pilot.model_copy(update=told)})


def is_pilot(retraining: RetrainingStatus) -> bool:
    """Whether nothing more than a pilot was approved."""
    return retraining.intent.pilot_steps is not None


def with_qualities(status: ModelReuseCheckStatus, result: TrainingResult) -> ModelReuseCheckStatus:
    """The status with the qualities that its pilot was asked for, as far as the trainer tells them."""
    pilot = status.pilot
    assert pilot is not None
    asked = [each for each in result.evaluations if each.step in looks(pilot.steps)]
    told = [Evaluation(step=each.step, quality=each.quality) for each in asked]
    return status.model_copy(update={"pilot": pilot.model_copy(update={"evaluations": told})})


def untold(steps: int, result: TrainingResult) -> Failure | None:
    """Why the result of a pilot of so many steps tells nothing; None where it has every quality that it was asked for.

    One that met its target may have stopped there.
    """
    asked = looks(steps)
    told = {each.step for each in result.evaluations}
    due = [step for step in asked if step <= result.steps or not result.target_reached]
    missing = [step for step in due if step not in told]
    if due and not missing:
        return None
    wanted = " and ".join(str(step) for step in missing or asked)
    message = f"it ended after {result.steps} steps and told no quality after {wanted}: a trainer tells it by "
    return Failure(reason="NoPilotQuality", message=f"{message}run.evaluated(quality) where run.is_asked")


def _proposed(observed: Observed, status: ModelReuseCheckStatus, rules: Rules | Failure) -> PilotStatus | None:
    asked, advice = observed.check.spec.retraining, status.recommendation
    if asked is None or asked.pilot is None or advice is None or isinstance(rules, Failure):
        return None
    whole = cost_of(status, advice) if needs_approval(advice) else _doubted(status, advice, rules)
    if whole is None or whole.steps.high <= asked.pilot.steps:
        return None
    assessment = assessment_of(status, whole.model)
    cost = pilot_cost(
        Candidate(assessment, _machine(observed, assessment, rules), target=None),
        whole.action,
        steps=asked.pilot.steps,
        batch_size=asked.batch_size,
        profile=rules.priced,
    )
    assert cost is not None
    if assessment.evidence not in LABELLED or over_limit(cost, rules.limits) is not None:
        return None
    return PilotStatus(action=whole.action, model=whole.model, steps=asked.pilot.steps, cost=cost)


def _machine(observed: Observed, assessment: ModelAssessment, rules: Rules) -> Machine | None:
    used, profile = assessment.hardware, rules.profile.spec
    elsewhere = machine_elsewhere(observed, assessment, profile)
    return elsewhere or (machine_again(profile, used, gpus=assessment.accelerators) if used else None)


def _doubted(status: ModelReuseCheckStatus, advice: Recommendation, rules: Rules) -> PredictedCost | None:
    """The cheapest action against which nothing speaks but doubt, where doubt is all that stands in the way."""
    prediction = status.prediction
    if advice.reason != Hurdle.DOUBT:
        return None
    assert prediction is not None
    assessments = {one.model: one for one in status.assessments}
    objections = (
        (cost, objection(cost, assessments[cost.model], prediction, rules)) for cost in by_energy(prediction.costs)
    )
    return next(
        (cost for cost, against in objections if isinstance(against, Objection) and against.hurdle is Hurdle.DOUBT),
        None,
    )
