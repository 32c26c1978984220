"""Jobs of our own worker: what a template may change, what it may not, and what is mounted."""

import json
from typing import Any

import pytest

from modelreuse.api import AssessmentTask, ModelReuseCheck, VerificationTask, parse_message
from modelreuse.manifests import assessment_job, verification_job
from unit.manifests.checks import DIGEST, IMAGE, NONCE, UID, Json, check, container, environment, pod

MODEL = {"name": "current", "uri": "pvc://models/current.pt2"}


def assessed(template: Any = None, *, probe_allowed: bool = True, attempt: int = 1, **changes: Any) -> Json:
    if template is not None:
        changes["assessment"] = changes.get("assessment", {}) | {"template": template}
    one = check(**changes)
    return assessment_job(
        one, one.spec.models[0], nonce=NONCE, attempt=attempt, image=IMAGE, probe_allowed=probe_allowed
    )


def verified(**changes: Any) -> Json:
    one = check(**changes)
    return verification_job(
        one,
        old=one.spec.models[0],
        new=one.spec.models[0].model_copy(update={"uri": "pvc://candidates/digits/new.safetensors"}),
        artifact_sha256="sha256:" + "5" * 64,
        digest=DIGEST,
        attempt=1,
        image=IMAGE,
    )


def with_worker(**fields: Any) -> Json:
    return {"spec": {"containers": [{"name": "worker"} | fields]}}


# --- the template ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("declared", "size"), [(None, "21Gi"), ("1073741824", "2Gi"), ("1", "1025Mi"), ("plenty", "21Gi")]
)
def test_the_scratch_volume_holds_the_downloads_that_are_declared_and_a_gibibyte(
    declared: str | None, size: str
) -> None:
    template = (
        {"spec": {}} if declared is None else with_worker(env=[{"name": "SCRATCH_LIMIT_BYTES", "value": declared}])
    )
    for job in (assessed(template), verified(assessment={"template": template})):
        scratch = next(each for each in pod(job)["volumes"] if each["name"] == "modelreuse-scratch")
        assert scratch["emptyDir"] == {"sizeLimit": size}


def test_a_candidate_is_assessed_on_its_own_reference_where_it_has_one() -> None:
    own = MODEL | {"reference": {"uri": "pvc://archive/v4.npz"}}
    job = assessed(models=[own])
    task = parse_message(AssessmentTask, environment(job, "worker")["MODELREUSE_TASK"])
    assert task.data.reference.uri == "pvc://archive/v4.npz"
    claims = {volume.get("persistentVolumeClaim", {}).get("claimName") for volume in pod(job)["volumes"]}
    assert "archive" in claims
    assert "archive" not in str(pod(assessed(models=[MODEL]))["volumes"])


def test_our_code_comes_from_our_image_alone() -> None:
    """Neither the working directory nor a variable of the template's decides what is imported as ours."""
    assert container(assessed(), "worker")["command"] == ["python3", "-I", "-m", "modelreuse.worker"]
    assert "PYTHONPATH" not in environment(assessed(), "worker")
    assert "PYTHONPATH" not in environment(verified(), "worker")


def test_init_containers_may_do_no_more_than_the_worker() -> None:
    fetch = {"name": "fetch", "image": "fetch:1", "command": ["fetch"]}
    job = assessed({"spec": {"initContainers": [fetch]}})
    assert pod(job)["initContainers"] == [
        fetch | {"securityContext": container(job, "worker")["securityContext"]},
    ]
    assert "initContainers" not in pod(assessed())


def test_a_template_brings_image_resources_environment_and_place() -> None:
    job = assessed(
        {
            "spec": {
                "nodeSelector": {"gpu": "a100"},
                "containers": [
                    {
                        "name": "worker",
                        "image": "mine:1",
                        "resources": {"limits": {"nvidia.com/gpu": 1}},
                        "env": [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
                    }
                ],
            }
        }
    )
    worker = container(job, "worker")
    assert worker["image"] == "mine:1"
    assert worker["resources"] == {"limits": {"nvidia.com/gpu": 1}}
    assert pod(job)["nodeSelector"] == {"gpu": "a100"}
    assert {"TOKEN", "MODELREUSE_TASK", "HOME"} <= environment(job, "worker").keys()


def test_a_mount_of_the_template_stands_beside_ours() -> None:
    mounts = container(assessed(with_worker(volumeMounts=[{"name": "x", "mountPath": "/x"}])), "worker")["volumeMounts"]
    assert {"/x", "/tmp", "/mnt/modelreuse/pvc/models"} <= {mount["mountPath"] for mount in mounts}


# --- safety ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("build", [assessed, verified])
def test_the_pod_is_restricted(build: Any) -> None:
    job = build()
    assert pod(job)["automountServiceAccountToken"] is False
    assert pod(job)["securityContext"]["runAsNonRoot"] is True
    assert pod(job)["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container(job, "worker")["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


@pytest.mark.parametrize("build", [assessed, verified])
def test_a_job_is_one_pod_once_for_a_limited_time(build: Any) -> None:
    spec = build()["spec"]
    assert (spec["backoffLimit"], spec["completions"], spec["parallelism"]) == (0, 1, 1)
    assert spec["activeDeadlineSeconds"] == 1800
    assert "ttlSecondsAfterFinished" not in spec


@pytest.mark.parametrize("build", [assessed, verified])
def test_a_job_belongs_to_its_check(build: Any) -> None:
    metadata = build()["metadata"]
    owner = metadata["ownerReferences"][0]
    assert (owner["uid"], owner["controller"], owner["blockOwnerDeletion"]) == (UID, True, True)
    assert metadata["namespace"] == "line7"
    assert metadata["labels"]["modelreuse.io/check"] == "digits"


# --- claims ----------------------------------------------------------------------------------------------------------


def claims(job: Json) -> dict[str, bool]:
    """Claims of the pod, and whether they are mounted read-only; each volume is mounted once."""
    volumes = {
        each["name"]: each["persistentVolumeClaim"] for each in pod(job)["volumes"] if "persistentVolumeClaim" in each
    }
    mounts = {each["name"]: each for each in container(job, "worker")["volumeMounts"] if each["name"] in volumes}
    assert mounts.keys() == volumes.keys()
    for name, mount in mounts.items():
        assert mount.get("readOnly", False) == volumes[name].get("readOnly", False)
        assert mount["mountPath"] == f"/mnt/modelreuse/pvc/{volumes[name]['claimName']}"
    paths = [each["mountPath"] for each in container(job, "worker")["volumeMounts"]]
    assert len(paths) == len(set(paths))
    return {volume["claimName"]: volume.get("readOnly", False) for volume in volumes.values()}


def test_every_claim_is_mounted_once_and_read_only_unless_written() -> None:
    assert claims(assessed()) == {"code": True, "data": True, "heldout": True, "models": True, "reports": False}


def test_a_claim_that_holds_the_output_too_is_writable_once() -> None:
    assert claims(assessed(assessment={"output": "pvc://data/reports"})) == {
        "code": True,
        "data": False,
        "heldout": True,
        "models": True,
    }


def test_without_an_output_nothing_is_written() -> None:
    assert claims(assessed(assessment={}, code=None)) == {"data": True, "heldout": True, "models": True}


def test_files_of_the_node_are_not_mounted() -> None:
    job = assessed(
        code={"uri": "file:///code"},
        models=[MODEL | {"uri": "file:///models/current.pt2"}],
        data={"reference": {"uri": "file:///r.npz"}, "new": {"uri": "file:///n.npz"}},
        assessment={},
    )
    assert claims(job) == {}


def test_a_verification_reads_everything_and_writes_nothing() -> None:
    assert claims(verified()) == {"candidates": True, "code": True, "heldout": True, "models": True}


# --- the task --------------------------------------------------------------------------------------------------------


def task(job: Json) -> str:
    return str(environment(job, "worker")["MODELREUSE_TASK"])


def test_the_task_is_one_that_the_worker_can_read() -> None:
    asked = parse_message(AssessmentTask, task(assessed()))
    assert asked.task == assessed()["metadata"]["annotations"]["modelreuse.io/task"]
    assert asked.output == "pvc://reports/digits"
    verification = parse_message(VerificationTask, task(verified()))
    assert verification.task == verified()["metadata"]["annotations"]["modelreuse.io/task"]


def test_a_verification_is_told_which_code_was_approved() -> None:
    hashes = dict.fromkeys(("model", "reference", "new"), DIGEST) | {"code": "sha256:" + "c" * 64}
    assessments = [{"model": "current", "job": {"name": "mrc-digits-1"}, "hashes": hashes}]
    one = check()
    one = ModelReuseCheck.parse(one.model_dump(by_alias=True) | {"status": {"assessments": assessments}})
    old = one.spec.models[0]
    job = verification_job(one, old=old, new=old, artifact_sha256=DIGEST, digest=DIGEST, attempt=1, image=IMAGE)
    asked = parse_message(VerificationTask, task(job))
    assert (asked.code, asked.code_sha256) == (one.spec.code, hashes["code"])


def test_an_assessment_is_told_where_the_code_is() -> None:
    assert json.loads(task(assessed()))["code"] == {"uri": "pvc://code/vision"}


def test_the_probe_runs_at_the_batch_size_of_the_training() -> None:
    assert json.loads(task(assessed()))["probeBatchSize"] == 128
    assert json.loads(task(assessed(retraining=None, assessment={"batchSize": 32})))["probeBatchSize"] == 32


def test_the_probe_needs_both_the_checks_and_the_policies_consent() -> None:
    for job in (assessed(probe_allowed=False), assessed(assessment={"timingProbe": False})):
        # As the worker reads it: absent would mean the default.
        assert parse_message(AssessmentTask, task(job)).probe_batch_size is None


def test_the_task_is_not_rewritten_by_what_kubernetes_expands() -> None:
    data = check().spec.data.model_copy(update={"labels": "$(HOME)"}).to_wire()
    for job, contract in ((assessed(data=data), AssessmentTask), (verified(data=data), VerificationTask)):
        assert "$" not in task(job)
        assert parse_message(contract, task(job)).data.labels == "$(HOME)"


def test_a_verification_runs_in_our_image_whatever_the_template_says() -> None:
    template = {
        "metadata": {"labels": {"a": "b"}},
        "spec": {
            "nodeSelector": {"gpu": "a100"},
            "tolerations": [{"operator": "Exists"}],
            "serviceAccountName": "reader",
            "initContainers": [{"name": "x", "image": "x"}],
            "volumes": [{"name": "x", "emptyDir": {}}],
            "containers": [
                {"name": "worker", "image": "mine:1", "env": [{"name": "A"}], "resources": {"limits": {"cpu": "2"}}},
            ],
        },
    }
    job = verified(assessment={"template": template})
    assert [each["name"] for each in pod(job)["containers"]] == ["worker"]
    assert container(job, "worker")["image"] == IMAGE
    assert container(job, "worker")["resources"] == {"limits": {"cpu": "2"}}
    assert "A" not in environment(job, "worker")
    assert pod(job)["nodeSelector"] == {"gpu": "a100"}
    assert pod(job)["tolerations"] == [{"operator": "Exists"}]
    assert not {"serviceAccountName", "initContainers"} & pod(job).keys()
    assert "x" not in {each["name"] for each in pod(job)["volumes"]}
    assert pod(job)["automountServiceAccountToken"] is False


def test_a_verification_reaches_the_same_storage_and_gets_no_other_variable() -> None:
    key = {"name": "AWS_ACCESS_KEY_ID", "valueFrom": {"secretKeyRef": {"name": "s3", "key": "id"}}}
    env = [key, {"name": "LD_PRELOAD", "value": "/x.so"}, {"name": "PYTHONPATH", "value": "/x"}]
    job = verified(assessment={"template": with_worker(env=env, envFrom=[{"secretRef": {"name": "s3"}}])})

    assert key in container(job, "worker")["env"]
    assert "LD_PRELOAD" not in environment(job, "worker")
    assert "PYTHONPATH" not in environment(job, "worker")
    assert "envFrom" not in container(job, "worker")
    assert container(job, "worker")["resources"]["requests"]


def test_a_verification_without_data_is_refused() -> None:
    data = {"reference": {"uri": "pvc://data/r.npz"}, "new": {"uri": "pvc://data/n.npz"}}
    with pytest.raises(ValueError, match=r"spec\.data\.evaluation"):
        verified(data=data)
