"""Which policies govern a namespace, and that of several the strictest of every rule counts."""

from decimal import Decimal

import pytest

from modelreuse.api import Failure
from modelreuse.decisions.policies import Rules, described, governing
from unit.decisions.scenes import (
    Json,
    assessed,
    assessing,
    condition,
    policy,
    profile,
    retrained,
    sha,
    spec,
    summary,
    verified,
)

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


def test_a_profile_with_a_zone_alone_gets_the_intensity_of_the_table() -> None:
    found = governing([policy()], {"hall-2": profile(grid={"zone": "FRA"})}, {})
    assert isinstance(found, Rules)
    assert found.profile.spec.grid.location_grams_per_kwh == Decimal("56.04")


def test_a_profile_with_an_unknown_zone_is_named() -> None:
    failure = governing([policy()], {"hall-2": profile(grid={"zone": "Atlantis"})}, {})
    assert isinstance(failure, Failure)
    assert failure.reason == "UnknownGridZone"
    assert failure.message.startswith("CostProfile hall-2: spec.grid.zone: ")


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
        ({"uncertainty": {"minReachesTarget": "0.9"}}, {}, ("uncertainty.min_reaches_target", "0.9")),
        ({"uncertainty": {"minReachesTarget": "0.1"}}, {}, ("uncertainty.min_reaches_target", "0.7")),
        ({"approval": {"validFor": "1h"}}, {"approval": {"validFor": "2h"}}, ("valid_seconds", "3600")),
        ({"promotion": {"minImprovement": "0.2"}}, {}, ("promotion.min_improvement", "0.2")),
        (
            {"promotion": {"requireTarget": True}},
            {"promotion": {"requireTarget": False}},
            ("promotion.require_target", "True"),
        ),
        ({"requireImageDigest": False}, {}, ("require_image_digest", "True")),
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


# --- images -----------------------------------------------------------------------------------------------------------

OURS, OTHER = sha("a"), sha("e")


@pytest.mark.parametrize(
    ("lists", "common"),
    [
        ([None, None], None),
        ([[OURS, OTHER], None], {OURS, OTHER}),
        ([[OURS, OTHER], [OURS]], {OURS}),
        ([[OURS], [OTHER]], set()),
    ],
)
def test_only_images_on_every_list_are_allowed(lists: list[list[str] | None], common: set[str] | None) -> None:
    some = [policy(f"p{index}", **({"images": each} if each else {})) for index, each in enumerate(lists)]
    assert rules(*some).images == common


def test_what_an_image_off_the_list_has_assessed_can_not_be_approved() -> None:
    scene = assessed(policies=(policy(images=[OTHER]),))
    said = scene.condition("Approved")
    assert "approval" not in scene.status
    assert said["reason"] == "ImageNotAllowed"
    assert OURS in said["message"]
    assert "approval" in assessed(policies=(policy(images=[OURS]),)).status


def test_only_policies_with_a_list_are_named_where_an_image_is_on_none() -> None:
    scene = assessed(policies=(policy("listing", images=[OTHER]), policy("silent")))
    assert "the list spec.images of RetrainPolicy listing; " in scene.condition("Approved")["message"]


def test_an_image_that_nobody_knows_is_told_as_such() -> None:
    scene = assessing(policies=(policy(images=[OURS]),))
    name = scene.assessment["job"]["name"]
    answered = scene.answered(name, summary(scene.jobs[name].task or ""), image_id=None).then()
    assert "current was assessed in the image unknown, " in answered.condition("Approved")["message"]
    by_list = retrained().but(policies=(policy(images=[OURS]),))
    answer = verified(by_list.jobs[by_list.verification].task or "")
    said = condition(by_list.answered(by_list.verification, answer, image_id=None).plan(), "PromotionAllowed")
    assert said.message.startswith("the image unknown that measured is on no list")


def test_a_candidate_that_failed_ran_in_no_image_that_matters() -> None:
    two = spec(models=[{"name": "current", "uri": "pvc://m/a.pt2"}, {"name": "other", "uri": "pvc://m/o.pt2"}])
    scene = assessing(spec=two, policies=(policy(images=[OURS]),))
    one, other = (entry["job"]["name"] for entry in scene.status["assessments"])
    error = {"reason": "NotFound", "field": "spec.models", "message": "no such file"}
    scene = scene.answered(one, summary(scene.jobs[one].task or ""))
    failed = scene.answered(other, {"task": scene.jobs[other].task, "error": error}, image_id=f"w@{OTHER}")
    assert "approval" in failed.then().status


@pytest.mark.parametrize("image_id", [None, "", "registry.example/worker:1", OURS + "0", f"x@{OURS} "])
def test_an_image_without_a_digest_is_on_no_list(image_id: str | None) -> None:
    scene = assessing(policies=(policy(images=[OURS]),))
    name = scene.assessment["job"]["name"]
    answer = summary(scene.jobs[name].task or "")
    assert "approval" not in scene.answered(name, answer, image_id=image_id).then().status
    assert "approval" in scene.answered(name, answer, image_id=f"docker.io/w@{OURS}").then().status
    assert "approval" in scene.answered(name, answer, image_id=OURS).then().status


def test_what_an_image_off_the_list_has_verified_can_not_be_promoted() -> None:
    scene = retrained()
    answer = verified(scene.jobs[scene.verification].task or "")
    measured = scene.answered(scene.verification, answer, image_id=f"w@{OTHER}").then()
    assert measured.status["verification"]["image"] == OTHER
    by_list = measured.but(policies=(policy(images=[OURS]),)).plan()
    said = condition(by_list, "PromotionAllowed")
    assert (said.status, said.reason) == ("False", "ImageNotAllowed")
    assert said.message.startswith(f"the image {OTHER} that measured is on no list")
    on_list = measured.but(policies=(policy(images=[OTHER]),)).plan()
    assert condition(on_list, "PromotionAllowed").status == "True"


PINNED = "registry.example/x@" + OURS


def trained_by(pod: Json) -> Json:
    containers = {"containers": [{"name": "trainer", "image": PINNED}]}
    template = {"spec": {"template": {"spec": containers | pod}}}
    return spec(retraining=spec()["retraining"] | {"jobTemplate": template})


@pytest.mark.parametrize(
    ("pod", "path"),
    [
        ({"containers": [{"name": "trainer", "image": "x:1"}]}, "containers[0].image: 'x:1'"),
        ({"containers": [{"name": "trainer", "image": "x@sha256:abc"}]}, "containers[0].image"),
        ({"containers": [{"name": "trainer"}]}, "containers[0].image: 'None'"),
        ({"containers": [{"name": "trainer", "image": PINNED}, {"name": "s", "image": "y"}]}, "containers[1].image"),
        ({"initContainers": [{"name": "i", "image": PINNED + " "}]}, "initContainers[0].image"),
        ({"volumes": [{"name": "v", "image": {"reference": "z:2"}}]}, "volumes[0].image: 'z:2'"),
        ({"volumes": [{"name": "v", "image": "z:2"}]}, "volumes[0].image: 'z:2'"),
    ],
)
def test_an_image_of_the_template_by_tag_can_not_be_approved_unless_every_policy_says_so(pod: Json, path: str) -> None:
    scene = assessed(spec=trained_by(pod))
    said = scene.condition("Approved")
    assert said["reason"] == "ImageNotPinned"
    assert path in said["message"]
    lax = policy(requireImageDigest=False)
    assert "approval" in assessed(spec=trained_by(pod), policies=(lax,)).status
    assert "approval" not in assessed(spec=trained_by(pod), policies=(lax, policy("strict"))).status


def test_images_by_digest_can_be_approved() -> None:
    pod = {
        "initContainers": [{"name": "i", "image": "localhost:5000/i@" + OTHER}],
        "volumes": [{"name": "v", "image": {"reference": PINNED}}, {"name": "e", "emptyDir": {}}],
    }
    assert "approval" in assessed(spec=trained_by(pod)).status


# --- labels of namespaces ---------------------------------------------------------------------------------------------


def test_a_policys_status_says_which_labels_it_reads() -> None:
    selector = {
        "matchLabels": {"environment": "production", "team": "vision"},
        "matchExpressions": [
            {"key": "stage", "operator": "Exists"},
            {"key": "team", "operator": "NotIn", "values": ["x"]},
        ],
    }
    (ledger,) = described([policy(namespaceSelector=selector), policy("everywhere")])
    assert ledger.policy == "production"
    assert ledger.status.namespace_labels == ["environment", "stage", "team"]
    told = policy(namespaceSelector=selector).model_copy(update={"status": ledger.status})
    assert described([told]) == []
