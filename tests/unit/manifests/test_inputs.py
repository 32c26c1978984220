"""The container that compares: first in the pod, restricted, reading what the trainer reads."""

from typing import Any

import pytest

from modelreuse.api import InputsTask
from modelreuse.manifests import InvalidTemplateError, JobTemplate, training_plan
from unit.manifests.checks import DIGEST, IMAGE, Json, check, cost, inputs, pod, retraining_job, trainer_template


def built(assessment: Json | None = None, **template: Any) -> Json:
    """The pod of a retraining; `template` changes the trainer's pod."""
    one = check() if assessment is None else check(assessment={"template": {"spec": assessment}})
    given = trainer_template()
    given["spec"]["template"]["spec"] |= template
    plan = training_plan(one, cost(), layers=["fc2"], target=0.855, digest=DIGEST)
    return pod(retraining_job(one, JobTemplate("jobTemplate", given), plan, inputs(), hours_high=2.0))


def ours(built_pod: Json) -> Json:
    found: Json = built_pod["initContainers"][0]
    assert found["name"] == "modelreuse-inputs"
    return found


def claims(built_pod: Json) -> dict[str, str]:
    """By the folder in which our container finds them."""
    named = {each["name"]: each.get("persistentVolumeClaim", {}).get("claimName") for each in built_pod["volumes"]}
    return {each["mountPath"]: named[each["name"]] for each in ours(built_pod)["volumeMounts"] if each.get("readOnly")}


ALL = {f"/mnt/modelreuse/pvc/{name}": name for name in ("code", "data", "heldout", "models")}


def test_it_is_the_first_of_all() -> None:
    theirs = [{"name": "fetch", "image": "i"}, {"name": "sidecar", "image": "i", "restartPolicy": "Always"}]
    assert [each["name"] for each in built(initContainers=theirs)["initContainers"]] == [
        "modelreuse-inputs", "fetch", "sidecar",
    ]  # fmt: skip


def test_it_is_told_what_was_approved() -> None:
    env = {each["name"]: each["value"] for each in ours(built())["env"]}
    task = InputsTask.model_validate_json(env["MODELREUSE_TASK"])
    assert (task.task, task.mode, task.hashes) == (DIGEST, "Compare", inputs().hashes)
    assert task.data == check().spec.data
    assert task.code == check().spec.code
    assert "$" not in env["MODELREUSE_TASK"]


def test_a_candidate_with_a_reference_of_its_own_is_compared_by_that_one() -> None:
    own = {"uri": "pvc://elsewhere/own.npz"}
    models = [source.to_wire() | {"reference": own} for source in check().spec.models]
    one = check(models=models)
    plan = training_plan(one, cost(), layers=["fc2"], target=0.855, digest=DIGEST)
    found = pod(retraining_job(one, JobTemplate("jobTemplate", trainer_template()), plan, inputs(), hours_high=2.0))
    env = {each["name"]: each["value"] for each in ours(found)["env"]}
    assert InputsTask.model_validate_json(env["MODELREUSE_TASK"]).data.reference.uri == own["uri"]
    assert "elsewhere" in claims(found).values()
    assert plan.data.reference.uri == own["uri"]


def test_it_fits_the_pod_security_standard_restricted_whatever_the_pod_is_allowed() -> None:
    container = ours(built(securityContext={"runAsUser": 0, "seccompProfile": {"type": "Unconfined"}}))
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "runAsGroup": 65532,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert (container["image"], container["command"]) == (IMAGE, ["python3", "-I", "-m", "modelreuse.worker"])
    assert container["terminationMessagePolicy"] == "File"


def test_it_reads_as_whom_the_assessment_read() -> None:
    context = ours(built({"securityContext": {"runAsUser": 1000, "fsGroup": 7}}))["securityContext"]
    assert (context["runAsUser"], context["runAsGroup"], "fsGroup" in context) == (1000, 65532, False)


def test_it_asks_for_little_and_for_no_accelerator() -> None:
    assert ours(built())["resources"]["limits"] == {"cpu": "1", "memory": "1Gi"}


def test_it_reads_every_claim_and_writes_none() -> None:
    made = built()
    assert claims(made) == ALL
    assert [each for each in ours(made)["volumeMounts"] if not each.get("readOnly")] == [
        {"name": "modelreuse-scratch", "mountPath": "/tmp"}
    ]


def test_a_claim_of_the_template_is_named_once_in_the_pod() -> None:
    theirs = [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}, {"name": "x", "emptyDir": {}}]
    made = built(volumes=theirs)
    assert claims(made) == ALL
    names = [each["persistentVolumeClaim"]["claimName"] for each in made["volumes"] if "persistentVolumeClaim" in each]
    assert sorted(names) == sorted(ALL.values())


def test_it_reaches_storages_as_the_assessment_does() -> None:
    env = [{"name": "AWS_REGION", "value": "eu-1"}, {"name": "LD_PRELOAD", "value": "x"}]
    worker = {"name": "worker", "env": env, "envFrom": [{"secretRef": {"name": "s"}}]}
    container = ours(built({"containers": [worker]}))
    assert {each["name"] for each in container["env"]} == {"HOME", "AWS_REGION", "MODELREUSE_TASK"}
    assert "envFrom" not in container


def test_its_image_is_pulled_as_the_assessments() -> None:
    made = built({"imagePullSecrets": [{"name": "a"}, {"name": "b"}]}, imagePullSecrets=[{"name": "b"}, {"name": "c"}])
    assert [each["name"] for each in made["imagePullSecrets"]] == ["b", "c", "a"]
    assert "imagePullSecrets" not in built()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("initContainers", [{"name": "modelreuse-inputs", "image": "i"}]),
        ("initContainers", [{"image": "i"}]),
        ("volumes", [{"name": "modelreuse-scratch", "hostPath": {"path": "/"}}]),
        ("volumes", [{"name": "modelreuse-claim-0", "emptyDir": {}}]),
        ("volumes", [{"persistentVolumeClaim": {"claimName": "data"}}]),
        ("imagePullSecrets", [{}]),
        ("imagePullSecrets", "regcred"),
    ],
)
def test_a_template_can_not_take_its_place(field: str, value: object) -> None:
    with pytest.raises(InvalidTemplateError, match=rf"^jobTemplate\.spec\.template\.spec\.{field}"):
        built(**{field: value})
