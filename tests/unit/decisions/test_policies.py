"""Which policies govern a namespace, and that of several the strictest of every rule counts."""

import pytest

from modelreuse.api import Failure
from modelreuse.decisions.policies import Rules, governing
from unit.decisions.scenes import Json, assessed, policy, profile

PROFILES = {"hall-2": profile(), "hall-3": profile("hall-3")}


def rules(*policies: object, labels: dict[str, str] | None = None) -> Rules:
    found = governing(policies, PROFILES, labels or {})  # type: ignore[arg-type]
    assert isinstance(found, Rules)
    return found


def refusal(*policies: object, labels: dict[str, str] | None = None) -> Failure:
    found = governing(policies, PROFILES, labels or {})  # type: ignore[arg-type]
    assert isinstance(found, Failure)
    return found


def test_without_a_policy_there_are_no_rules() -> None:
    assert refusal().reason == "NoPolicy"


def test_a_policy_governs_the_namespaces_that_it_selects() -> None:
    selective = policy(namespaceSelector={"matchLabels": {"environment": "production"}})
    assert refusal(selective, labels={"environment": "test"}).reason == "NoPolicy"
    assert rules(selective, labels={"environment": "production"}).policies == (selective,)


def test_a_policy_that_selects_another_namespace_tightens_nothing() -> None:
    other = policy("other", namespaceSelector={"matchLabels": {"a": "b"}}, limits={"steps": 1})
    assert rules(policy(), other).limits.steps is None


def test_policies_with_different_profiles_disagree() -> None:
    failure = refusal(policy(), policy("b", costProfile="hall-3"))
    assert failure.reason == "PoliciesDisagree"
    assert "hall-2, hall-3" in failure.message


def test_many_policies_that_disagree_still_make_a_sentence() -> None:
    many = [policy(f"{'p' * 240}-{number}", costProfile=f"hall-{number}") for number in range(20)]
    assert refusal(*many).reason == "PoliciesDisagree"


def test_a_missing_profile_is_named() -> None:
    failure = refusal(policy(costProfile="hall-9"))
    assert failure.reason == "CostProfileMissing"
    assert '"hall-9"' in failure.message


@pytest.mark.parametrize(
    ("one", "other", "strictest"),
    [
        ({"reuse": {"maxQualityLoss": "0.1"}}, {"reuse": {"maxQualityLoss": "0.2"}}, ("reuse.max_quality_loss", "0.1")),
        ({"reuse": {"maxResqueDist": "0.1"}}, {"reuse": {"maxQualityLoss": "0.2"}}, ("reuse.max_resque_dist", "0.1")),
        ({"limits": {"steps": 10}}, {"limits": {"steps": 20}}, ("limits.steps", "10")),
        ({"limits": {"steps": 10}}, {}, ("limits.steps", "10")),
        ({"limits": {"hours": "1"}}, {"limits": {"hours": "2"}}, ("limits.hours", "1")),
        ({"limits": {"energyKwh": "1"}}, {"limits": {"energyKwh": "2"}}, ("limits.energy_kwh", "1")),
        ({"limits": {"carbonKg": "1"}}, {"limits": {"carbonKg": "2"}}, ("limits.carbon_kg", "1")),
        ({"limits": {"money": "1"}}, {"limits": {"money": "2"}}, ("limits.money", "1")),
        ({"uncertainty": {"allowAssumed": False}}, {}, ("uncertainty.allow_assumed", "False")),
        ({"uncertainty": {"maxHighOverLow": "2"}}, {}, ("uncertainty.max_high_over_low", "2")),
        ({"approval": {"validFor": "1h"}}, {"approval": {"validFor": "2h"}}, ("valid_seconds", "3600")),
        ({"promotion": {"minImprovement": "0.2"}}, {}, ("promotion.min_improvement", "0.2")),
        (
            {"promotion": {"requireTarget": True}},
            {"promotion": {"requireTarget": False}},
            ("promotion.require_target", "True"),
        ),
        ({"timingProbe": "Forbid"}, {}, ("timing_probe", "Forbid")),
    ],
)
def test_the_strictest_wins_whichever_comes_first(one: Json, other: Json, strictest: tuple[str, str]) -> None:
    path, value = strictest
    for policies in ((policy("a", **one), policy("b", **other)), (policy("a", **other), policy("b", **one))):
        found: object = rules(*policies)
        for part in path.split("."):
            found = getattr(found, part)
        assert str(found) == value


@pytest.mark.parametrize("policies", [(), (policy(), policy("b", costProfile="hall-3")), (policy(costProfile="none"),)])
def test_without_rules_a_check_is_assessed_and_says_why_it_cannot_be_approved(policies: tuple[object, ...]) -> None:
    scene = assessed(policies=policies)
    why = refusal(*policies)
    assert scene.condition("Assessed")["status"] == "True"
    assert (scene.condition("Approved")["reason"], scene.condition("Approved")["message"]) == (why.reason, why.message)
    assert scene.condition("Ready")["status"] == "True"
    assert scene.status["prediction"]["costs"]
    assert "approval" not in scene.status


def test_without_a_profile_carbon_and_money_are_absent_and_not_zero() -> None:
    cost = assessed(policies=()).status["prediction"]["costs"][0]
    assert not {"carbonGramsLocation", "carbonGramsMarket", "money", "currency"} & cost.keys()
    assert float(cost["energyKwh"]["low"]) > 0
