"""What one object knows about itself: what is refused, and what a reader of the future may find."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from modelreuse.api import Condition, LabelSelector, ModelReuseCheck, RetrainPolicy, merge_conditions
from unit.decisions import scenes

LABELS = {"environment": "production", "team": "vision", "empty": ""}


def selects(labels: dict[str, str] = LABELS, **selector: Any) -> bool:
    return LabelSelector.model_validate(selector).matches(labels)


def expression(operator: str, key: str, *values: str) -> list[dict[str, Any]]:
    return [{"key": key, "operator": operator, "values": list(values)}]


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        ({}, True),
        ({"matchLabels": {"team": "vision"}}, True),
        ({"matchLabels": {"team": "speech"}}, False),
        ({"matchLabels": {"team": "vision", "environment": "test"}}, False),
        ({"matchLabels": {"other": "x"}}, False),
        ({"matchLabels": {"empty": ""}}, True),
        ({"matchLabels": {"other": ""}}, False),
        ({"matchExpressions": expression("In", "team", "speech", "vision")}, True),
        ({"matchExpressions": expression("In", "team", "speech")}, False),
        ({"matchExpressions": expression("In", "other", "x")}, False),
        ({"matchExpressions": expression("NotIn", "team", "vision")}, False),
        ({"matchExpressions": expression("NotIn", "team", "speech")}, True),
        ({"matchExpressions": expression("NotIn", "other", "x")}, True),
        ({"matchExpressions": expression("Exists", "empty")}, True),
        ({"matchExpressions": expression("Exists", "other")}, False),
        ({"matchExpressions": expression("DoesNotExist", "other")}, True),
        ({"matchExpressions": expression("DoesNotExist", "empty")}, False),
        ({"matchLabels": {"team": "vision"}, "matchExpressions": expression("Exists", "other")}, False),
    ],
)
def test_selectors_select_as_those_of_kubernetes(selector: dict[str, Any], selected: bool) -> None:
    assert selects(**selector) == selected


WANTS_GPU = {"matchLabels": {"gpu": "h200"}}
IN = {"matchExpressions": [{"key": "gpu", "operator": "In", "values": ["h200", "b200"]}]}
WITHOUT = {"matchExpressions": [{"key": "gpu", "operator": "DoesNotExist"}]}


@pytest.mark.parametrize(
    ("selector", "known", "may", "must"),
    [
        ({}, {}, True, True),
        (WANTS_GPU, {}, True, False),
        (WANTS_GPU, {"zone": "b"}, True, False),
        (WANTS_GPU, {"gpu": "h200", "zone": "b"}, True, True),
        (WANTS_GPU, {"gpu": "l4"}, False, False),
        (IN, {}, True, False),
        (IN, {"gpu": "b200"}, True, True),
        (IN, {"gpu": "l4"}, False, False),
        (WITHOUT, {}, True, False),
        (WITHOUT, {"gpu": "l4"}, False, False),
        (WANTS_GPU | IN, {"gpu": "b200"}, False, False),
    ],
)
def test_of_some_labels_a_selector_says_what_the_others_can_still_change(
    selector: dict[str, Any], known: dict[str, str], may: bool, must: bool
) -> None:
    parsed = LabelSelector.model_validate(selector)
    assert (parsed.may_match(known), parsed.must_match(known)) == (may, must)


def test_an_unknown_field_of_the_spec_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match=r"spec\.surprise"):
        ModelReuseCheck.parse({"metadata": {"name": "x"}, "spec": scenes.spec(surprise=1)})


def test_an_unknown_field_of_the_status_is_one_of_a_newer_operator() -> None:
    status = scenes.offered().status | {"surprise": 1}
    parsed = ModelReuseCheck.parse({"metadata": {"name": "x"}, "spec": scenes.spec(), "status": status})
    assert parsed.status.to_wire() == scenes.offered().status


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"models": []}, "at least 1"),
        ({"models": [scenes.spec()["models"][0]] * 2}, "the name 'current' stands more than once"),
        ({"models": [{"name": "a", "uri": "pvc://m/a.safetensors"}]}, "factory must name what builds the module"),
        ({"models": [{"name": "a", "uri": "pvc://m/a.onnx"}]}, "known suffixes: .pt2, .safetensors"),
        ({"objective": {"target": {}}}, "exactly one of relative and absolute"),
        ({"objective": {"target": {"relative": "1", "absolute": "1"}}}, "exactly one of relative and absolute"),
        ({"retraining": scenes.spec()["retraining"] | {"output": "file:///x"}}, "must be a pvc:// URI"),
        ({"retraining": scenes.asking_for_a_pilot(9)["retraining"]}, "greater than or equal to 10"),
        ({"retraining": scenes.asking_for_a_pilot(26)["retraining"]}, "less than or equal to 25"),
        (
            {"retraining": scenes.asking_for_a_pilot(25)["retraining"] | {"maxSteps": 25}},
            r"pilot\.steps: 25 is not less than maxSteps \(25\)",
        ),
    ],
)
def test_a_mistake_is_refused_in_words(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        ModelReuseCheck.parse({"metadata": {"name": "x"}, "spec": scenes.spec(**changes)})


def test_a_policy_that_asks_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match="at least one of maxQualityLoss and maxResqueDist"):
        RetrainPolicy.parse({"metadata": {"name": "x"}, "spec": {"costProfile": "p", "reuse": {}}})


def test_values_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        scenes.policy().spec.cost_profile = "other"  # type: ignore[misc]


# --- conditions ------------------------------------------------------------------------------------------------------

THEN, NOW = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 2, tzinfo=UTC)


def condition(kind: str, status: str = "True", at: datetime = NOW, **changes: Any) -> Condition:
    return Condition.model_validate(
        {"type": kind, "status": status, "reason": "R", "last_transition_time": at} | changes
    )


def test_a_condition_keeps_its_time_while_its_status_stays() -> None:
    before = [condition("Ready", "True", THEN), condition("Approved", "False", THEN)]
    after = merge_conditions(before, [condition("Ready", "False"), condition("Approved", "False", reason="Other")])
    assert [(each.type, each.last_transition_time, each.reason) for each in after] == [
        ("Ready", NOW, "R"),
        ("Approved", THEN, "Other"),
    ]


@pytest.mark.parametrize("kind", ["Reconciling", "Stalled"])
@pytest.mark.parametrize("status", ["False", "Unknown"])
def test_reconciling_and_stalled_exist_only_while_true(kind: str, status: str) -> None:
    assert merge_conditions([condition(kind, at=THEN)], [condition(kind, status)]) == []
    assert merge_conditions([], [condition(kind)]) == [condition(kind)]


def test_a_condition_that_came_back_begins_anew() -> None:
    assert merge_conditions([], [condition("Stalled")])[0].last_transition_time == NOW


def test_what_is_not_said_any_more_is_dropped() -> None:
    assert merge_conditions([condition("Approved", at=THEN)], [condition("Ready")]) == [condition("Ready")]


def test_readers_meet_conditions_in_one_order() -> None:
    kinds = ["PromotionAllowed", "Other", "Approved", "Ready", "Assessed"]
    after = merge_conditions([], [condition(kind) for kind in kinds])
    assert [each.type for each in after] == ["Ready", "Assessed", "Approved", "PromotionAllowed", "Other"]


# --- pilots ----------------------------------------------------------------------------------------------------------


def test_a_pilot_has_25_steps_unless_it_says_otherwise() -> None:
    asked = scenes.spec(retraining=scenes.spec()["retraining"] | {"pilot": {}})
    for spec, steps in ((asked, 25), (scenes.asking_for_a_pilot(10), 10)):
        parsed = ModelReuseCheck.parse({"metadata": {"name": "x"}, "spec": spec})
        assert parsed.spec.retraining is not None
        assert parsed.spec.retraining.pilot is not None
        assert parsed.spec.retraining.pilot.steps == steps
