"""Adding a policy never loosens anything, whatever the policies and the figures."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from modelreuse.api import Failure, ModelAssessment, PredictedCost, RetrainPolicy, RetrainPolicyStatus
from modelreuse.decisions.hurdles import over_limit, too_uncertain
from modelreuse.decisions.keeping import Verdict, judged
from modelreuse.decisions.policies import Rules, governing
from unit.decisions import scenes
from unit.decisions.scenes import approve, assessed, profile

fractions = st.integers(0, 100).map(lambda value: f"{value / 100}")
amounts = st.integers(0, 10_000).map(lambda value: f"{value / 10}")


def optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


reuse = optional(maxQualityLoss=fractions, maxResqueDist=fractions).filter(bool)
limits = optional(steps=st.integers(1, 5000), hours=amounts, energyKwh=amounts, carbonKg=amounts, money=amounts)
uncertainty = optional(allowAssumed=st.booleans(), maxHighOverLow=amounts, minReachesTarget=fractions)
promotion = optional(minImprovement=fractions, requireTarget=st.booleans())
small = st.integers(0, 100).map(lambda value: f"{value / 10_000}")
"""Of the size of what the scene's retraining needs: 0.0026 kWh, 0.001 kgCO2e, 0.0075 EUR."""
budgets = (
    optional(energyKwh=small, carbonKg=small, money=small)
    .filter(bool)
    .flatmap(lambda limits: st.sampled_from(["1h", "24h", "720h"]).map(lambda window: limits | {"window": window}))
)
specs = st.fixed_dictionaries(
    {"costProfile": st.just("hall-2"), "reuse": reuse},
    optional={
        "limits": limits,
        "uncertainty": uncertainty,
        "promotion": promotion,
        "approval": st.integers(1, 100).map(lambda hours: {"validFor": f"{hours}h"}),
        "timingProbe": st.sampled_from(["Allow", "Forbid"]),
        "budget": budgets,
        "images": st.lists(
            st.sampled_from([scenes.sha("a"), scenes.sha("b"), scenes.sha("c")]), min_size=1, max_size=3
        ),
        "requireImageDigest": st.booleans(),
    },
)
several = st.lists(specs, min_size=1, max_size=3)


def policies(given_: list[dict[str, Any]]) -> list[RetrainPolicy]:
    return [RetrainPolicy.parse({"metadata": {"name": f"p{index}"}, "spec": spec}) for index, spec in enumerate(given_)]


def rules(given_: list[dict[str, Any]]) -> Rules:
    found = governing(policies(given_), {"hall-2": profile()}, {})
    assert isinstance(found, Rules)
    return found


def no_looser(one: Decimal | int | None, other: Decimal | int | None) -> bool:
    """Whether an upper bound with an added policy is at most the one without."""
    return other is None or (one is not None and one <= other)


@given(several, specs)
def test_every_rule_is_at_least_as_strict_with_one_policy_more(few, added) -> None:
    before, after = rules(few), rules([*few, added])
    for group in ("reuse", "limits"):
        one, other = getattr(after, group), getattr(before, group)
        for field in type(one).model_fields:
            assert no_looser(getattr(one, field), getattr(other, field)), field
    assert no_looser(after.uncertainty.max_high_over_low, before.uncertainty.max_high_over_low)
    assert after.uncertainty.allow_assumed <= before.uncertainty.allow_assumed
    assert after.uncertainty.min_reaches_target >= before.uncertainty.min_reaches_target
    assert after.valid_seconds <= before.valid_seconds
    assert after.promotion.min_improvement >= before.promotion.min_improvement
    assert after.promotion.require_target >= before.promotion.require_target
    assert (after.timing_probe, before.timing_probe) != ("Allow", "Forbid")
    assert before.images is None or (after.images is not None and after.images <= before.images)
    assert after.require_image_digest >= before.require_image_digest


@given(several)
def test_the_order_of_policies_is_no_matter(some) -> None:
    one, other = (governing(each, {"hall-2": profile()}, {}) for each in (policies(some), policies(some)[::-1]))
    assert one == other


used = st.builds(
    lambda energy, hours: {
        "namespace": scenes.NAMESPACE,
        "at": f"{scenes.NOW - timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}",
        "podSeconds": "1",
        "energyKwh": energy,
        "carbonKg": energy,
        "money": energy,
    },
    small,
    st.integers(0, 30),
)


@given(several, specs, st.lists(used, max_size=3))
def test_what_has_no_room_in_a_budget_has_none_with_one_policy_more(few, added, charges) -> None:
    """Whatever was spent before: each policy remembers it by itself."""
    sure = [spec | {"reuse": {"maxQualityLoss": "0"}} for spec in [*few, added]]
    ledger = RetrainPolicyStatus.model_validate({"charges": charges})
    spent = [each.model_copy(update={"status": ledger}) for each in policies(sure)]
    before, after = approve_by(spent[:-1]), approve_by(spent)
    assert before or not after


def ranges(low: int, spread: int, basis: str) -> dict[str, str]:
    return {"low": str(low), "high": str(low + spread), "basis": basis}


costs = st.builds(
    lambda low, spread, basis, carbon, money: PredictedCost.model_validate(
        {
            "action": "Retrain",
            "model": "m",
            "steps": ranges(low, spread, basis),
            "hours": ranges(low, spread, basis),
            "energy_kwh": ranges(low, spread, basis),
            **({"carbon_grams_location": ranges(1000 * low, 1000 * spread, basis)} if carbon else {}),
            **({"money": ranges(low, spread, basis), "currency": "EUR"} if money else {}),
        }
    ),
    st.integers(0, 1000),
    st.integers(0, 1000),
    st.sampled_from(["Estimated", "Assumed"]),
    st.booleans(),
    st.booleans(),
)


@given(several, specs, costs)
def test_what_is_blocked_or_doubted_stays_so_with_one_policy_more(few, added, cost) -> None:
    before, after = rules(few), rules([*few, added])
    if over_limit(cost, before.limits):
        assert over_limit(cost, after.limits)
    if too_uncertain(cost, before.uncertainty):
        assert too_uncertain(cost, after.uncertainty)


rows = st.dictionaries(
    st.sampled_from(["initial_accuracy_reference", "initial_accuracy_new", "resque_dist", "estimated_accuracy"]),
    fractions,
)


def assessment(scores: dict[str, str], tier: str, labelled: int) -> ModelAssessment:
    given_ = [{"name": name, "value": value, "labels": "Given"} for name, value in scores.items()]
    job = {"name": "job"}
    return ModelAssessment.model_validate(
        {"model": "m", "job": job, "scores": given_, "evidence": tier, "labelled": labelled, "samples": 1000}
    )


@given(several, specs, rows, st.sampled_from(["L0", "L1", "L2", "L3"]), st.integers(0, 1000))
def test_a_model_that_is_not_kept_is_not_with_one_policy_more(few, added, scores, tier, labelled) -> None:
    one = assessment(scores, tier, labelled)
    before, after = (judged(one, rules(some).reuse).verdict for some in (few, [*few, added]))
    if before is not Verdict.KEEP:
        assert after is not Verdict.KEEP
    if before is Verdict.ADAPT:
        assert after is Verdict.ADAPT


@given(several, specs)
def test_what_could_not_be_approved_for_its_cost_cannot_with_one_policy_more(few, added) -> None:
    """The scene's model is beyond every threshold of quality that these policies can have."""
    sure = [spec | {"reuse": {"maxQualityLoss": "0"}} for spec in [*few, added]]
    before, after = (approve_by(policies(each)) for each in (sure[:-1], sure))
    assert before or not after


def approve_by(some: list[RetrainPolicy]) -> bool:
    """Whether a retraining starts when a person approves what is on offer under these policies."""
    scene = assessed(policies=tuple(some))
    if "approval" not in scene.status:
        return False
    return "retraining" in approve(scene).then().status


@given(several, specs, fractions, fractions)
def test_what_may_not_be_promoted_may_not_with_one_policy_more(few, added, old, new) -> None:
    scene = scenes.retrained()
    task = scene.jobs[scene.verification].task or ""
    scene = scene.answered(scene.verification, scenes.verified(task, oldQuality=old, newQuality=new))
    before, after = (
        next(
            each
            for each in scene.but(policies=tuple(policies(some))).plan().status.conditions
            if each.type == "PromotionAllowed"
        )
        for some in (few, [*few, added])
    )
    assert before.status == "True" or after.status != "True"


@given(several, specs)
def test_a_policy_that_names_another_profile_leaves_no_rules(few, added) -> None:
    some = policies([*few, added | {"costProfile": "hall-3"}])
    assert isinstance(governing(some, {"hall-2": profile(), "hall-3": profile("hall-3")}, {}), Failure)
