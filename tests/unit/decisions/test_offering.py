"""The offer and its digest: whatever the launch depends on changes it, and nothing else does."""

import hashlib
import json
from collections.abc import Callable

import pytest
import rfc8785

from modelreuse.api import Failure, Recommendation
from modelreuse.api.record import MAX_PREIMAGE
from modelreuse.decisions import governing
from modelreuse.decisions.offer import offer
from unit.decisions import scenes
from unit.decisions.scenes import NONCE, Json, Scene, assessed, measured, offered, policy, profile, sha, spec


def hashes(**changes: str) -> Json:
    return {"hashes": {"model": sha("1"), "reference": sha("2"), "new": sha("3"), "evaluation": sha("4")} | changes}


def job_template(**pod: object) -> Json:
    given = spec()
    containers = [{"name": "trainer", "image": "registry.example/other@sha256:" + "c" * 64}]
    template = {"spec": {"template": {"spec": {"containers": containers} | pod}}}
    return given | {"retraining": given["retraining"] | {"jobTemplate": template}}


PARTS: dict[str, Callable[[], Scene]] = {
    "check": lambda: assessed(uid="another-uid"),
    "nonce": lambda: assessed(nonce="f00d" * 8),
    "spec": lambda: assessed(spec=spec(objective={"target": {"relative": "0.91"}})),
    "policies": lambda: assessed(policies=(policy(limits={"steps": 5000}),)),
    "profile": lambda: assessed(profiles=(profile(pue="1.5"),)),
    "prediction": lambda: assessed({"measured": measured(stepSeconds="0.06")}),
    "contents": lambda: assessed(hashes(new=sha("7"))),
    "recommendation": lambda: assessed({"layers": ["fc1", "fc2"]}),
    "job": lambda: assessed(spec=job_template()),
    "gate": lambda: assessed(gate_state="interrupted, and put back"),
}


@pytest.mark.parametrize("part", PARTS)
def test_each_part_changes_the_digest_and_its_own_component(part: str) -> None:
    other = PARTS[part]()
    assert other.digest != offered().digest
    before, after = (
        {each["name"]: each["sha256"] for each in scene.status["approval"]["components"]}
        for scene in (offered(), other)
    )
    assert before.keys() == after.keys()
    assert before[part] != after[part]


@pytest.mark.parametrize("which", ["model", "reference", "new", "evaluation"])
def test_each_content_hash_changes_the_digest(which: str) -> None:
    assert assessed(hashes(**{which: sha("8")})).digest != offered().digest


def test_the_image_that_assessed_changes_the_digest() -> None:
    scene = scenes.assessing()
    name = scene.assessment["job"]["name"]
    task = scene.jobs[name].task or ""
    other = scene.answered(name, scenes.summary(task), image_id="other@sha256:1").then()
    assert other.digest != offered().digest


def test_of_a_long_image_id_the_digest_is_kept() -> None:
    scene = scenes.assessing()
    name = scene.assessment["job"]["name"]
    task = scene.jobs[name].task or ""
    image = f"registry.example/{'deep/' * 60}worker@{sha('7')}"
    assert scene.answered(name, scenes.summary(task), image_id=image).then().assessment["image"].endswith(sha("7"))


def test_a_policy_of_the_same_rules_and_another_name_changes_the_digest() -> None:
    assert offered().but(policies=(policy("renamed"),)).then().digest != offered().digest


def test_a_second_policy_changes_the_digest() -> None:
    assert offered().but(policies=(policy(), policy("second"))).then().digest != offered().digest


def test_a_changed_profile_changes_the_digest_at_once() -> None:
    assert offered().but(profiles=(profile(pue="1.5"),)).then().digest != offered().digest


def test_the_same_gives_the_same() -> None:
    assert assessed().digest == offered().digest
    assert offered().later(hours=5).then().digest == offered().digest


@pytest.mark.parametrize("change", [{"suspend": True}, {"suspend": False}])
def test_suspending_changes_no_digest(change: Json) -> None:
    assert offered().edited(**change).then().digest == offered().digest


def test_the_order_of_policies_changes_no_digest() -> None:
    one, two = (assessed(policies=each) for each in [(policy("a"), policy("b")), (policy("b"), policy("a"))])
    assert one.digest == two.digest


def test_the_digest_is_the_hash_of_the_preimage_in_the_record() -> None:
    approval = scenes.recorded().records[0].spec.approval
    assert approval is not None
    assert f"sha256:{hashlib.sha256(approval.preimage.encode()).hexdigest()}" == approval.digest
    parts = json.loads(approval.preimage)
    assert rfc8785.dumps(parts).decode() == approval.preimage
    assert {each.name: each.sha256 for each in approval.components} == {
        name: f"sha256:{hashlib.sha256(rfc8785.dumps(part)).hexdigest()}" for name, part in parts.items()
    }
    assert parts["check"] == scenes.UID
    assert parts["nonce"] == NONCE
    assert parts["spec"] == scenes.recorded().spec


def test_the_preimage_holds_the_job_that_is_launched_but_for_name_and_digest() -> None:
    approval = scenes.recorded().records[0].spec.approval
    assert approval is not None
    approved = json.loads(approval.preimage)["job"]
    launched = json.loads(json.dumps(scenes.recorded().plan().create[0]).replace(approval.digest, "sha256:" + "0" * 64))
    del launched["metadata"]["name"]
    assert launched == approved


def test_an_offer_stands_since_the_digest_is_what_it_is() -> None:
    first = offered().status["approval"]["offeredAt"]
    later = offered().later(hours=2)
    assert later.then().status["approval"]["offeredAt"] == first
    assert later.but(policies=(policy(limits={"steps": 5000}),)).then().status["approval"]["offeredAt"] != first


def test_an_offer_expires_by_the_end_of_the_assessment_and_not_of_the_offer() -> None:
    changed = offered().later(hours=2).but(policies=(policy(limits={"steps": 5000}),)).then()
    assert (
        changed.status["approval"]["expiresAt"] == offered().status["approval"]["expiresAt"] == "2026-05-05T12:00:00Z"
    )


def test_without_a_gate_nothing_is_on_offer() -> None:
    gone = Failure(reason="GateMissing", message="ValidatingAdmissionPolicy modelreuse-decisions is not installed")
    scene = offered().but(gate=gone).then()
    assert "approval" not in scene.status
    assert scene.condition("Approved")["message"] == gone.message
    assert scene.but(gate=None).then().digest == offered().digest


def test_a_relative_target_without_labels_offers_nothing() -> None:
    far = {"scores": [scenes.score("resque_dist", "0.9")]}
    judged = {"policies": (policy(reuse={"maxResqueDist": "0.2"}),)}
    assert assessed(far, **judged).condition("Approved")["reason"] == "TargetUnknown"
    absolute = spec(objective={"target": {"absolute": "0.9"}})
    assert assessed(far, spec=absolute, **judged).condition("Approved")["reason"] == "AwaitingApproval"


@pytest.mark.parametrize(
    ("objective", "target"),
    [
        ({"target": {"absolute": "0.8"}}, "0.8"),
        ({"target": {"relative": "0.9"}}, "0.855"),
        (None, "0.95"),
    ],
)
def test_the_target_is_absolute_in_the_plan(objective: Json | None, target: str) -> None:
    scene = scenes.approve(assessed(spec=spec(objective=objective))).then().then()
    assert float(scenes.plan_of(scene.plan().create[0])["target"]) == pytest.approx(float(target))


@pytest.mark.parametrize(
    ("template", "field"),
    [
        ({}, "jobTemplate.spec"),
        ({"spec": {}}, "containers"),
        ({"spec": {"template": {"spec": {"containers": [{"name": "main"}]}}}}, "'trainer'"),
        ({"spec": {"parallelism": 2, "template": {}}}, "parallelism"),
    ],
)
def test_a_template_that_cannot_be_run_is_no_offer_and_says_which_field(template: Json, field: str) -> None:
    given = spec()
    scene = assessed(spec=given | {"retraining": given["retraining"] | {"jobTemplate": template}})
    assert scene.condition("Approved")["reason"] == "InvalidTemplate"
    assert field in scene.condition("Approved")["message"]


def test_a_retraining_of_all_layers_is_offered_without_naming_any() -> None:
    scene = assessed({"layers": None})
    assert scene.status["recommendation"]["action"] == "Retrain"
    assert scene.condition("Approved")["reason"] == "AwaitingApproval"


def test_reading_again_what_is_to_be_compared_may_take_twice_as_long_as_it_took() -> None:
    def approved(startup: str | None) -> int:
        scene = scenes.approve(assessed({"measured": measured(startupSeconds=startup)})).then().then()
        seconds: int = scene.plan().create[0]["spec"]["activeDeadlineSeconds"]
        return seconds

    assert 600 < approved(None) < approved("3") < 700
    assert approved("1000") > 2 * 1000 + 1000


def test_a_spec_that_no_record_could_hold_is_no_offer() -> None:
    huge = job_template(nodeSelector={f"label-{number}": "x" * 60 for number in range(MAX_PREIMAGE // 100)})
    assert assessed(spec=huge).condition("Approved")["reason"] == "SpecTooLarge"


def test_a_spec_that_a_record_can_just_hold_is_one() -> None:
    def said(padding: int) -> Json:
        trainer = scenes.TRAINS | {"env": [{"name": "PADDING", "value": "x" * padding}]}
        scene = assessed(spec=job_template(containers=[trainer]), policies=(policy("odd-named"),))
        return scene.condition("Approved")

    too_long = said(MAX_PREIMAGE)["message"]
    taken = int(too_long.removeprefix("what would be approved takes ").split()[0])
    excess, odd = divmod(taken - MAX_PREIMAGE, 2)
    assert not odd, "spec and Job both hold the padding: by another policy's name it fits exactly"
    room = MAX_PREIMAGE - excess
    assert said(room)["reason"] == "AwaitingApproval"
    assert said(room + 1)["message"].startswith(f"what would be approved takes {MAX_PREIMAGE + 2} bytes; ")


def energy(scene: Scene) -> float:
    return float(scene.status["prediction"]["costs"][0]["energyKwh"]["high"])


def test_what_is_approved_is_what_is_shown_when_the_profile_changes() -> None:
    scene = offered().later(hours=1).but(profiles=(profile(pue="2.8"),))
    plan = scene.plan()
    assert plan.create == ()
    changed = scene.then(plan)
    assert energy(changed) == pytest.approx(2 * energy(offered()), rel=1e-5)
    assert changed.status["summary"] != offered().status["summary"]
    assert changed.status["approval"]["expiresAt"] == offered().status["approval"]["expiresAt"]
    assert changed.then().status == changed.status
    back = changed.but(profiles=(profile(),)).then()
    assert energy(back) == energy(offered())


def test_an_approval_launches_what_the_changed_profile_predicts() -> None:
    changed = offered().but(profiles=(profile(pue="2.8"),)).then()
    record = scenes.approve(changed).then().then().records[0]
    assert record.spec.predicted is not None
    assert float(record.spec.predicted.energy_kwh.high) == energy(changed)


def test_a_policy_that_comes_later_brings_its_profile() -> None:
    early = assessed(policies=())
    assert "carbonGramsLocation" not in early.status["prediction"]["costs"][0]
    late = early.but(policies=(policy(),)).then()
    assert "carbonGramsLocation" in late.status["prediction"]["costs"][0]
    assert late.digest


def test_a_profile_that_blocked_can_unblock() -> None:
    limited = (policy(limits={"energyKwh": "0.0004"}),)
    scene = assessed(policies=limited)
    blocked = scene.but(profiles=(profile(pue="14"),)).then()
    assert blocked.status["recommendation"]["action"] == "Blocked"
    assert blocked.but(profiles=scene.profiles).then().status["recommendation"]["action"] == "FineTune"


def test_a_changed_profile_offers_nothing_where_the_measured_pods_are_gone() -> None:
    name = offered().assessment["job"]["name"]
    changed = offered().but(profiles=(profile(pue="2.8"),))
    gone = changed.without_job(name).then()
    assert changed.with_job(name, uid="another").then() == gone.but(jobs=changed.with_job(name, uid="another").jobs)
    advice = gone.status["recommendation"]
    assert (advice["action"], advice["reason"]) == ("Inconclusive", "CostProfileChanged")
    assert advice["message"].endswith("--overwrite modelreuse.io/assess=after-5ca1ab1e")
    assert "approval" not in gone.status
    assert gone.but(profiles=(profile(),)).then().digest == offered().digest


def test_a_candidate_that_could_not_be_measured_is_not_missed_when_the_profile_changes() -> None:
    two = [{"name": "current", "uri": "pvc://models/c.pt2"}, {"name": "broken", "uri": "pvc://models/b.pt2"}]
    scene = scenes.assessing(spec=spec(models=two))
    good, bad = (entry["job"]["name"] for entry in scene.status["assessments"])
    error = {"reason": "NotFound", "field": "spec.models", "message": "no such file"}
    scene = scene.answered(good, scenes.summary(scene.jobs[good].task or ""))
    scene = scene.answered(bad, {"task": scene.jobs[bad].task, "error": error}).then()
    changed = scene.without_job(bad).but(profiles=(profile(pue="2.8"),)).then()
    assert energy(changed) == pytest.approx(2 * energy(scene), rel=1e-5)
    assert changed.condition("Approved")["reason"] == "AwaitingApproval"


def test_a_prediction_is_frozen_but_for_the_profile() -> None:
    scene = offered().later(hours=1).but(policies=(policy(limits={"steps": 5000}),)).then()
    assert scene.status["prediction"] == offered().status["prediction"]


def test_fine_tuning_is_never_offered_without_its_layers() -> None:
    scene = offered()
    advice = {**scene.status["recommendation"], "layers": []}
    recommendation = Recommendation.model_validate(advice)
    rules = governing(scene.policies, {"hall-2": profile()}, {})
    assert not isinstance(rules, Failure)
    found = offer(scene.observed, scene.check.status, recommendation, rules)
    assert isinstance(found, Failure)
    assert found.reason == "NoLayers"


def reading(name: str = "code") -> Json:
    """A retraining that reads a ConfigMap."""
    return job_template(volumes=[{"name": "v", "configMap": {"name": name}}])


def test_another_content_of_a_config_map_is_another_offer() -> None:
    before = assessed(spec=reading(), config_maps={"code": sha("1")})
    offers = [before, assessed(spec=reading(), config_maps={"code": sha("2")}), assessed(spec=reading())]
    assert len({scene.digest for scene in offers}) == 3
    assert assessed(spec=reading(), config_maps={"code": sha("1"), "other": sha("9")}).digest == before.digest


@pytest.mark.parametrize("looks", [0, 1, 2])
def test_a_config_map_that_changes_before_the_launch_voids_the_approval(looks: int) -> None:
    scene = scenes.approve(assessed(spec=reading(), config_maps={"code": sha("1")}))
    for _ in range(looks):
        scene = scene.then()
    changed = scene.but(config_maps={"code": sha("2")})
    for _ in range(4):
        changed = changed.then()
    assert not changed.status.get("retraining", {}).get("launched")


def test_config_maps_that_can_not_be_read_leave_nothing_to_approve() -> None:
    unknown = Failure(reason="ConfigMapsUnknown", message="configmaps is forbidden")
    scene = assessed(spec=reading(), config_maps=unknown)
    assert "approval" not in scene.status
    assert scene.condition("Approved")["reason"] == "ConfigMapsUnknown"
