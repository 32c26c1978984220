"""A retraining counts only if our own container said, before it began, that it reads what was approved."""

import json

import pytest

from modelreuse.decisions import Plan
from unit.decisions import scenes
from unit.decisions.scenes import IMAGE, Scene, compared, condition, created, launched, policy, result, sha

OTHER = "registry.example/other@" + sha("c")


def ended(scene: Scene, **pod: object) -> tuple[str, str]:
    """Reason and message of a retraining that the trainer has ended well."""
    return reason(scene.answered(scene.training, result(scene.digest), **pod).plan())


def reason(todo: Plan) -> tuple[str, str]:
    """Why a retraining has failed for good."""
    retraining = todo.status.retraining
    assert retraining is not None
    assert (retraining.result, retraining.artifact_uri) == ("Failed", None)
    assert retraining.failure is not None
    assert "retraining" not in created(todo)
    assert "verification" not in created(todo)
    assert condition(todo, "Retrained").reason == retraining.failure.reason
    return retraining.failure.reason, retraining.failure.message


def test_the_pod_begins_with_our_container() -> None:
    (job,) = scenes.recorded().plan().create
    pod = job["spec"]["template"]["spec"]
    first = pod["initContainers"][0]
    assert (first["name"], first["image"]) == ("modelreuse-inputs", IMAGE)
    task = json.loads(next(each["value"] for each in first["env"] if each["name"] == "MODELREUSE_TASK"))
    assert task["task"] == scenes.recorded().digest
    assert task["hashes"] == {"model": sha("1"), "reference": sha("2"), "new": sha("3"), "evaluation": sha("4")}


def test_what_was_approved_is_the_container_with_its_hashes() -> None:
    approval = scenes.recorded().records[0].spec.approval
    assert approval is not None
    (first,) = json.loads(approval.preimage)["job"]["spec"]["template"]["spec"]["initContainers"]
    assert sha("3") in json.dumps(first["env"])
    assert scenes.assessed(image=OTHER).digest != scenes.offered().digest


def test_other_bytes_end_the_retraining_with_the_field_that_names_them() -> None:
    scene = launched()
    said = compared(
        scene.digest, reason="InputsChanged", field="spec.data.new.uri", message="spec.data.new.uri: holds x"
    )
    failed = scene.failed(scene.training).with_job(scene.training, pods=(scenes.pod(None, **said),))
    todo = failed.plan()
    assert reason(todo) == ("InputsChanged", "spec.data.new.uri: holds x")
    assert condition(todo, "Retrained").message == "spec.data.new.uri: holds x"
    ended_for_good = failed.then(todo)
    assert "retraining" not in created(ended_for_good.plan())
    assert "retraining" not in created(ended_for_good.without_job(scene.training).plan())


def test_an_error_about_another_digest_explains_nothing() -> None:
    scene = launched()
    said = compared(sha("9"), reason="InputsChanged", field="spec", message="spec: x")
    failed = scene.failed(scene.training).with_job(scene.training, pods=(scenes.pod(None, **said),))
    assert reason(failed.plan())[0] == "BackoffLimitExceeded"


def test_a_trainer_that_fails_by_itself_is_told_as_before() -> None:
    scene = launched()
    assert reason(scene.failed(scene.training).plan())[0] == "BackoffLimitExceeded"


@pytest.mark.parametrize(
    "message",
    [None, "", "yes", "[]", json.dumps({"task": sha("9")}), json.dumps({"task": "", "surprise": 1}), "x" * 5000],
)
def test_a_result_whose_inputs_nobody_confirmed_does_not_count(message: str | None) -> None:
    assert ended(launched(), inputs_message=message)[0] == "InputsUnconfirmed"


def test_a_result_in_spite_of_an_error_does_not_count() -> None:
    said = compared(launched().digest, reason="InputsChanged", field="spec", message="spec: x")
    assert ended(launched(), **said)[0] == "InputsUnconfirmed"


@pytest.mark.parametrize("image", [None, "", "worker:dev", OTHER])
def test_an_image_off_the_list_confirms_nothing(image: str | None) -> None:
    listed = (policy(images=["sha256:" + "a" * 64]),)
    scene = scenes.approve(scenes.assessed(policies=listed)).then().then().then().then()
    reason_, message = ended(scene, inputs_image_id=image)
    assert reason_ == "ImageNotAllowed"
    assert message == f"the image {image or 'unknown'} that compared inputs is on no list spec.images"
    fine = scene.answered(scene.training, result(scene.digest)).plan().status.retraining
    assert fine is not None
    assert fine.result == "Succeeded"


def test_a_policy_that_went_meanwhile_lists_no_images() -> None:
    ended_well = launched().answered(launched().training, result(launched().digest), inputs_image_id=OTHER)
    retraining = ended_well.but(policies=()).plan().status.retraining
    assert retraining is not None
    assert retraining.result == "Succeeded"
