"""The Job of several pods and their Service: how each knows which one it is, and where all meet."""

import pytest

from modelreuse.manifests import assessment_job, assessment_service
from unit.manifests.checks import IMAGE, NONCE, Json, check, environment, pod

JOB_UID = "6d9f3a7e-0000-4000-8000-000000000002"


def assessed(name: str = "digits", **assessment: object) -> Json:
    one = check(name, assessment=assessment)
    return assessment_job(one, one.spec.models[0], nonce=NONCE, attempt=1, image=IMAGE, probe_allowed=True)


def service(name: str = "digits") -> Json:
    return assessment_service(check(name), assessed(name)["metadata"]["name"], JOB_UID)


def test_a_shared_job_makes_each_pod_once() -> None:
    spec = assessed(shards=4)["spec"]
    assert (spec["completionMode"], spec["completions"], spec["parallelism"], spec["backoffLimit"]) == (
        "Indexed",
        4,
        4,
        0,
    )
    assert "ttlSecondsAfterFinished" not in spec


def test_one_shard_is_the_job_of_before() -> None:
    assert assessed(shards=1) == assessed()
    assert "completionMode" not in assessed()["spec"]
    assert "subdomain" not in pod(assessed())


def test_all_pods_have_the_same_task_and_are_told_where_to_meet() -> None:
    alone, shared = (environment(assessed(shards=shards), "worker") for shards in (1, 4))
    name = assessed()["metadata"]["name"]
    told = {"MODELREUSE_SHARDS": "4", "MODELREUSE_RENDEZVOUS": f"{name}-0.{name}:29500"}
    assert shared == alone | told
    assert pod(assessed(shards=4))["subdomain"] == name


def test_a_template_is_that_of_each_pod() -> None:
    env = [{"name": "OMP_NUM_THREADS", "value": "4"}]
    template = {"spec": {"nodeSelector": {"gpu": "a100"}, "containers": [{"name": "worker", "env": env}]}}
    shared = assessed(shards=2, template=template)
    assert pod(shared)["nodeSelector"] == {"gpu": "a100"}
    assert environment(shared, "worker")["OMP_NUM_THREADS"] == "4"


@pytest.mark.parametrize("name", ["digits", "a" * 253, "a." * 126 + "a"])
def test_every_name_fits_into_a_label_of_dns(name: str) -> None:
    job = assessed(name, shards=16)["metadata"]["name"]
    assert len(f"{job}-15") <= 63
    assert service(name)["metadata"]["name"] == job


def test_the_service_leads_to_pods_of_this_job_alone_before_they_are_ready() -> None:
    spec = service()["spec"]
    assert spec["selector"] == {"modelreuse.io/check": "digits", "batch.kubernetes.io/controller-uid": JOB_UID}
    assert (spec["clusterIP"], spec["publishNotReadyAddresses"]) == ("None", True)


def test_the_service_goes_with_its_job() -> None:
    (owner,) = service()["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"], owner["controller"]) == ("Job", JOB_UID, True)
    # To hold up the deletion of a Job takes a right on Jobs that the operator has no use for.
    assert "blockOwnerDeletion" not in owner
