"""The candidates in order: what each would cost until it serves, and how surely that is known.

A model that can be kept costs nothing, and the one in use not even a switch. Of the others counts the cheapest action
that nothing speaks against, by the energy that it is expected to take; a model without one comes last. Of equals the
better evidence comes first, and then the order in which the check names them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from modelreuse.api import ModelAssessment, ModelReuseCheckSpec, PredictedCost, Prediction
from modelreuse.decisions.describing import most_energy
from modelreuse.decisions.hurdles import objection
from modelreuse.decisions.keeping import Judgement, Verdict, judged, scores_of
from modelreuse.decisions.policies import Rules


@dataclass(frozen=True)
class Candidate:
    """A model that was assessed. cheapest: the cost of the cheapest action that nothing speaks against."""

    assessment: ModelAssessment
    judgement: Judgement
    cheapest: PredictedCost | None

    @property
    def model(self) -> str:
        """Its name in the check."""
        return self.assessment.model

    @property
    def fits(self) -> bool:
        """Whether it can be used as it is."""
        return self.judgement.verdict is Verdict.KEEP


def ranking(
    spec: ModelReuseCheckSpec, assessments: Iterable[ModelAssessment], prediction: Prediction, rules: Rules
) -> list[Candidate]:
    """The candidates that were assessed, best first; the first model of the check is the one in use."""
    assessed = [assessment for assessment in assessments if assessment.hashes is not None]
    in_use = next((one for one in assessed if one.model == spec.models[0].name), None)
    standard = scores_of(in_use).get("initial_accuracy_reference") if in_use else None
    candidates = [
        Candidate(one, judged(one, rules.reuse, standard), _cheapest(one, prediction, rules)) for one in assessed
    ]
    return sorted(candidates, key=lambda each: _place(each, is_in_use=each.assessment is in_use))


def by_energy(costs: Iterable[PredictedCost]) -> list[PredictedCost]:
    """The cheapest first, by what they are expected to take."""
    return sorted(costs, key=lambda cost: (expected_energy(cost), cost.energy_kwh.low))


def expected_energy(cost: PredictedCost) -> Decimal:
    """In kWh: the point where the target is reached, the upper end where it is not.

    Without a point or a probability the upper end: of two actions the one that is known is preferred.
    """
    point, chance = cost.energy_kwh.estimate, cost.reaches_target
    if point is None or chance is None:
        return cost.energy_kwh.high
    return chance * point + (1 - chance) * cost.energy_kwh.high


def order(spec: ModelReuseCheckSpec, candidates: Iterable[Candidate]) -> list[str]:
    """Names of all models of the check, best first; those that could not be assessed are last."""
    ranked = [each.model for each in candidates]
    return [*ranked, *(model.name for model in spec.models if model.name not in ranked)]


def order_sentence(spec: ModelReuseCheckSpec, candidates: Iterable[Candidate]) -> str:
    """The same in words, each with what it would take."""
    efforts = {each.model: _effort(each) for each in candidates}
    ranked = (f"{name} ({efforts.get(name, 'not assessed')})" for name in order(spec, candidates))
    return f"by cost to the target: {', '.join(ranked)}"


def _cheapest(assessment: ModelAssessment, prediction: Prediction, rules: Rules) -> PredictedCost | None:
    costs = by_energy(cost for cost in prediction.costs if cost.model == assessment.model)
    return next((cost for cost in costs if objection(cost, assessment, prediction, rules) is None), None)


def _place(candidate: Candidate, *, is_in_use: bool) -> tuple[float, ...]:
    cost, evidence = candidate.cheapest, -int((candidate.assessment.evidence or "L0")[1:])
    if candidate.fits:
        return (-1,) if is_in_use else (0, evidence)
    if cost is None:
        return 2, evidence
    return 1, float(expected_energy(cost)), float(cost.energy_kwh.low), evidence


def _effort(candidate: Candidate) -> str:
    if candidate.fits:
        return "as it is"
    if candidate.cheapest is None:
        return "no action that would do"
    return f"{candidate.cheapest.action}, up to {most_energy(candidate.cheapest)}"
