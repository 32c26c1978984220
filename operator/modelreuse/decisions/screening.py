"""The scheduled assessment: it runs beside the current one, and takes its place only where that is nobody's loss.

A person who is thinking about an offer shall not find it void in the morning. So while an offer waits, a scheduled
assessment that recommends the same is forgotten; one that recommends something else takes over, since what waits is
then no longer good advice. One that couldn't assess every candidate recommends nothing; an event says why.
"""

from datetime import datetime

from modelreuse.api import (
    Failure,
    ModelAssessment,
    ModelReuseCheckStatus,
    ScreenedModel,
    Screening,
    next_time,
)
from modelreuse.decisions.advising import advised
from modelreuse.decisions.assessing import assess, history_with, is_busy
from modelreuse.decisions.assessments import assessment_of
from modelreuse.decisions.intensity import by_the_grid
from modelreuse.decisions.observed import Event, Observed
from modelreuse.decisions.offer import trained_by
from modelreuse.decisions.piloting import piloted
from modelreuse.decisions.policies import Rules
from modelreuse.decisions.progress import Progress

Subject = tuple[str, str, tuple[str, ...]]
"""Action, model, layers."""


def due_at(observed: Observed, status: ModelReuseCheckStatus) -> datetime | None:
    """When the next scheduled assessment begins; None where none will, as things are. What was missed comes once."""
    spec = observed.check.spec
    if spec.schedule is None or spec.suspend or status.assessed_at is None or is_busy(observed, status):
        return None
    if status.screening is not None:
        return None
    return next_time(spec.schedule, spec.time_zone, max(status.assessed_at, status.screened_at or status.assessed_at))


def screen(observed: Observed, status: ModelReuseCheckStatus, rules: Rules | Failure, now: datetime) -> Progress:
    """Begins a scheduled assessment that is due, and brings one that runs forward."""
    due = due_at(observed, status)
    if due is not None and due <= now:
        begun = Screening(nonce=observed.nonce, started_at=now)
        status = status.model_copy(update={"screening": begun, "screened_at": now})
    if status.screening is None:
        return Progress(status)
    if is_busy(observed, status):
        return Progress(status.model_copy(update={"screening": None}))
    return _continued(observed, status, status.screening, rules, now)


def _continued(
    observed: Observed, status: ModelReuseCheckStatus, screening: Screening, rules: Rules | Failure, now: datetime
) -> Progress:
    beside = _beside(status, screening)
    step = assess(observed, beside, rules, now)
    found = step.status
    if found.assessed_at is None and step.stalled is None:
        models = [ScreenedModel(model=one.model, attempt=one.attempt, job=one.job) for one in found.assessments]
        kept = screening.model_copy(update={"models": models})
        # Nobody waits for it: what holds it up is no condition of the check.
        return Progress(status.model_copy(update={"screening": kept}), create=step.create)
    rules = by_the_grid(observed, found, rules, now)
    found = piloted(observed, advised(observed, found, rules, now), rules)
    ended = status.model_copy(update={"screening": None})
    failure = step.stalled or next((one.failure for one in found.assessments if one.failure), None)
    if failure is not None:
        return Progress(ended, events=(Event("Warning", failure.reason, f"scheduled assessment: {failure.message}"),))
    if _waits(status, now) and _offers(found) <= _advice(status):
        return Progress(ended)
    return Progress(found.model_copy(update={"history": history_with(status)}))


def _beside(status: ModelReuseCheckStatus, screening: Screening) -> ModelReuseCheckStatus:
    """The scheduled assessment, as if it were the only one."""
    return ModelReuseCheckStatus(
        conditions=status.conditions,
        nonce=screening.nonce,
        spec_hash=status.spec_hash,
        assess_token=status.assess_token,
        started_at=screening.started_at,
        screened_at=status.screened_at,
        assessments=[ModelAssessment(model=one.model, attempt=one.attempt, job=one.job) for one in screening.models],
    )


def _waits(status: ModelReuseCheckStatus, now: datetime) -> bool:
    """Whether a human can still say yes to what is on offer."""
    offered = status.approval
    decided = status.retraining is not None or status.rejected is not None
    return offered is not None and not decided and now < offered.expires_at


def _offers(status: ModelReuseCheckStatus) -> set[Subject]:
    """What somebody would do by it next, whatever the reasons; empty where no policy makes anything of it."""
    if status.pilot is not None and not status.pilot.ended:
        return _piloted(status)
    return {(each.action, each.model, tuple(each.layers)) for each in (status.recommendation,) if each is not None}


def _advice(status: ModelReuseCheckStatus) -> set[Subject]:
    """The same of an offer that waits. A pilot that has ended isn't repeated to come to the same again."""
    return _offers(status) | _piloted(status)


def _piloted(status: ModelReuseCheckStatus) -> set[Subject]:
    pilot = status.pilot
    if pilot is None:
        return set()
    layers = trained_by(pilot, assessment_of(status, pilot.model))
    return {(pilot.action, pilot.model, tuple(layers))}
