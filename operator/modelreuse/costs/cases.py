"""What a past retraining is to the prediction: what was known before it, and between which steps it met its target."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from modelreuse.api import Action, ModelAssessment, RetrainingRecord, ScoreStatus, TrainingAction
from modelreuse.api.record import Outcome

HALF_POINT = 0.005
"""Qualities are not told apart beyond that."""

EASIER = (2**0.5, 2.0, 2**1.5, 4.0)
"""Times the share of wrong answers that a target allows: what milestones are taken at."""

OWN = "(own)"
"""Where the operator's own retrainings come from; no namespace has such a name."""


@dataclass(frozen=True)
class Situation:
    """What is known before a retraining.

    scores: by name, as records and assessments have them. target: absolute quality. samples: new ones to learn from.
    trainable_share: of the parameters, in (0, 1]. None, also of a group: not known. findings: reasons. origin: the
    namespace that it was imported into, or OWN.
    """

    action: str
    recipe: str
    scores: Mapping[str, float] = field(default_factory=dict)
    target: float | None = None
    samples: int | None = None
    trainable_share: float | None = None
    model: str | None = None
    data_set: str | None = None
    mechanism: str | None = None
    findings: frozenset[str] = frozenset()
    origin: str = OWN


@dataclass(frozen=True)
class Milestone:
    """An easier target that the same training had: `low` and `high` as of a Case."""

    target: float
    low: int
    high: int | None


@dataclass(frozen=True)
class Case:
    """A finished retraining: the target was met in more than `low` and at most `high` steps.

    Both 0: the untouched model met it. high None: it was not met within `low` steps (right-censored). cap: steps within
    which it had to be met. shift: cases of one shift are no independent evidence; it is held out whole. quality: ends,
    in [0, 1], between which lies what was attainable within the cap; None where nobody verified it. milestones: when it
    passed easier targets, where its curve is known.
    """

    situation: Situation
    low: int
    high: int | None
    cap: int
    shift: str
    quality: tuple[float, float] | None = None
    milestones: tuple[Milestone, ...] = ()

    def __post_init__(self) -> None:
        high = self.low if self.high is None else self.high
        if not 0 <= self.low <= high <= self.cap or (self.low == high > 0 and self.high is not None) or self.cap < 1:
            raise ValueError(f"not an interval of steps within the cap {self.cap}: more than {self.low} to {self.high}")
        if self.quality is not None and not 0 <= self.quality[0] < self.quality[1] <= 1:
            raise ValueError(f"not an interval of qualities: {self.quality}")


def taught_by(cases: Iterable[Case]) -> list[Case]:
    """The cases, each followed by its milestones as cases of their own: what one training tells of several targets.

    They are no independent evidence, so they only teach; predictions are judged on targets that were asked for.
    """
    return [one for case in cases for one in (case, *_milestones_of(case))]


def _milestones_of(case: Case) -> Iterator[Case]:
    for each in case.milestones:
        situation = replace(case.situation, target=each.target)
        cap = case.cap if each.high is not None else max(each.low, 1)
        yield replace(case, situation=situation, low=each.low, high=each.high, cap=cap, quality=None, milestones=())


def milestones(
    curve: Sequence[tuple[int, float]], target: float, *, met: bool, start: float | None = None
) -> tuple[Milestone, ...]:
    """When a training passed easier targets than its own.

    curve: steps, in order, and the quality after each. met: whether it met its own target. start: quality before the
    first step, where it is known. An easier target counts as met at the first of two looks in a row at or above it.
    """
    if not curve or (start is not None and start >= target):
        return ()
    looks = [(0, start), *curve] if start is not None else list(curve)
    # As many digits as targets have: a quality that equals one shall not miss it by rounding.
    easier = [round(1 - factor * (1 - target), 6) for factor in EASIER]
    return tuple(_passed(looks, each, met=met) for each in easier if each > 0)


def _passed(looks: Sequence[tuple[int, float]], target: float, *, met: bool) -> Milestone:
    passes = [quality >= target for _, quality in looks]
    for place, (step, _) in enumerate(looks):
        if all(passes[place : place + 2]):
            return Milestone(target, looks[place - 1][0] if place else 0, step)
    last = looks[-1][0]
    # What met its own target has passed an easier one by then, whatever its last looks say.
    return Milestone(target, looks[-2][0] if len(looks) > 1 else 0, last) if met else Milestone(target, last, None)


def situation_of(
    assessment: ModelAssessment, action: TrainingAction, *, recipe: str, target: float | None
) -> Situation:
    """What an assessment tells about this action on its candidate."""
    share = assessment.trainable_share if action == Action.FINE_TUNE else 1
    return Situation(
        action=action,
        recipe=recipe,
        scores=_scores(assessment.scores),
        target=target,
        samples=assessment.samples,
        trainable_share=None if share is None else float(share),
        model=assessment.model,
        data_set=assessment.hashes.reference if assessment.hashes else None,
        findings=frozenset(finding.reason for finding in assessment.findings),
    )


def cases_of(records: Iterable[RetrainingRecord]) -> list[Case]:
    """The records that teach."""
    return [_case(record) for record in records if teaches(record)]


def teaches(record: RetrainingRecord) -> bool:
    """Whether it ended with a number of steps; those of a pilot say where somebody stopped it, not what was needed."""
    outcome = record.outcome
    if outcome is None or record.spec.pilot is not None:
        return False
    return outcome.result == "Succeeded" and outcome.steps is not None


def _case(record: RetrainingRecord) -> Case:
    spec, outcome = record.spec, record.outcome
    if outcome is None or outcome.steps is None:
        raise ValueError(f"{record.metadata.name}: has no number of steps")
    scores = _scores(spec.scores)
    situation = Situation(
        action=spec.action,
        recipe=spec.recipe,
        scores=scores,
        target=float(spec.target),
        samples=spec.samples,
        trainable_share=1.0 if spec.action != Action.FINE_TUNE else _number(spec.trainable_share),
        model=spec.model,
        data_set=spec.hashes.reference if spec.hashes else None,
        mechanism=spec.mechanism,
        origin=record.metadata.namespace if spec.source == "Imported" else OWN,
    )
    steps = outcome.steps
    cap = max(spec.max_steps, steps)
    # One assessment's scores are all alike, whatever was done next.
    shift = spec.mechanism or (spec.hashes.new if spec.hashes else repr(sorted(scores.items())))
    quality = _attained(outcome)
    passed = _passed_by(record, outcome, steps)
    if not outcome.target_reached:
        return Case(situation, steps, None, max(steps, 1), shift, quality, passed)
    return Case(situation, max(steps - (outcome.evaluated_every or 1), 0), steps, cap, shift, quality, passed)


def _passed_by(record: RetrainingRecord, outcome: Outcome, steps: int) -> tuple[Milestone, ...]:
    """The milestones that a record tells; of an import, nothing is sure about its looks."""
    curve = {look.step: float(look.quality) for look in outcome.evaluations or [] if look.step <= steps}
    scores = record.spec.scores
    known = (1 - float(each.value) for each in scores if each.name == "initial_error" and each.labels == "Given")
    met = outcome.target_reached is True
    return milestones(sorted(curve.items()), float(record.spec.target), met=met, start=next(known, None))


def _attained(outcome: Outcome) -> tuple[float, float] | None:
    """What our own verification found; a training that met its target may have stopped there, short of its best."""
    if outcome.new_quality is None or outcome.target_reached is None:
        return None
    found = float(outcome.new_quality)
    return max(found - HALF_POINT, 0.0), 1.0 if outcome.target_reached else min(found + HALF_POINT, 1.0)


def _scores(listed: Iterable[ScoreStatus]) -> dict[str, float]:
    return {score.name: float(score.value) for score in listed}


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))
