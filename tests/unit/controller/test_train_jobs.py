"""What is read for a retraining that runs as a TrainJob, and what is made of what was read."""

from typing import Any

import pytest

from modelreuse.api import Failure, ModelReuseCheck
from modelreuse.controller.observe import OBJECT_TEMPLATE, object_template_of, prepared_for, template_of
from modelreuse.controller.workloads import observed_job, prepared
from modelreuse.manifests import KINDS, JobTemplate
from unit.cluster_client.fake_api_server import Answer, no, server, yes
from unit.controller import served
from unit.controller.served import Json
from unit.controller.test_workloads import at, condition, pod, terminated, time
from unit.manifests.train_jobs import runtime, train_job

SERVED = yes(resources=[{"kind": "TrainJob"}])
GROUP = "/apis/trainer.kubeflow.org/v1alpha1"
OWNED = {"ownerReferences": [{"uid": "check", "controller": True}], "annotations": {"modelreuse.io/task": "t"}}


def check(**status: Any) -> ModelReuseCheck:
    obj = served.check(status=status)
    obj["spec"]["retraining"] = {"maxSteps": 1, "output": "pvc://o/", "objectTemplate": train_job()}
    return ModelReuseCheck.parse(obj)


async def test_the_template_comes_with_the_runtime_that_it_names() -> None:
    async with server([SERVED, yes(spec=runtime())]) as (told, client):
        template = await template_of(client, check())
    assert told.asked == [f"GET {GROUP}", f"GET {GROUP}/clustertrainingruntimes/torch"]
    kept = JobTemplate("ClusterTrainingRuntime torch: spec", runtime(), "ClusterTrainingRuntime")
    assert template == JobTemplate(OBJECT_TEMPLATE, train_job(), "TrainJob", refers_to=kept)


async def test_a_runtime_of_the_namespace_is_read_there() -> None:
    named = train_job(runtimeRef={"kind": "TrainingRuntime", "name": "torch"})
    async with server([SERVED, yes(spec=runtime())]) as (told, client):
        await object_template_of(client, "team", named)
    assert told.asked[1] == f"GET {GROUP}/namespaces/team/trainingruntimes/torch"


@pytest.mark.parametrize(
    ("answers", "reason", "said"),
    [
        ([no(404, "NotFound")], "KindNotServed", "doesn't serve TrainJob (trainer.kubeflow.org/v1alpha1)"),
        ([yes(resources=[{"kind": "X"}])], "KindNotServed", "doesn't serve TrainJob"),
        ([SERVED, no(404, "NotFound")], "RuntimeMissing", "there is no ClusterTrainingRuntime torch"),
        (
            [SERVED, no(403, "Forbidden", "is forbidden")],
            "RuntimeUnknown",
            "ClusterTrainingRuntime torch can't be read",
        ),
    ],
)
async def test_what_is_missing_is_told(answers: list[Answer], reason: str, said: str) -> None:
    async with server(answers) as (_, client):
        found = await template_of(client, check())
    assert isinstance(found, Failure)
    assert (found.reason, said in found.message) == (reason, True)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "kind: None (None): is not accepted; accepted are TrainJob (trainer.kubeflow.org/v1alpha1)"),
        ({"apiVersion": "batch/v1", "kind": "Job"}, "a Job is jobTemplate"),
        ({"apiVersion": "trainer.kubeflow.org/v2", "kind": "TrainJob"}, "kind: TrainJob (trainer.kubeflow.org/v2)"),
        (train_job({"numNodes": 2}), "spec.trainer.numNodes: 2"),
    ],
)
async def test_another_object_is_refused_before_anything_is_read(given: Json, said: str) -> None:
    async with server([]) as (_, client):
        found = await object_template_of(client, "team", given)
    assert isinstance(found, Failure)
    assert found.reason == "InvalidTemplate"
    assert found.message.startswith(f"{OBJECT_TEMPLATE}.")
    assert said in found.message


async def test_what_must_stand_is_read_once_it_is_intended() -> None:
    intent = {"digest": "sha256:" + "a" * 64, "at": at(0), "action": "FineTune", "model": "current"}
    intended = check(retraining={"intent": intent, "record": "mrc-r"})
    template = JobTemplate(OBJECT_TEMPLATE, train_job(), "TrainJob", refers_to=JobTemplate("r", runtime()))
    stored = {"metadata": {"creationTimestamp": at(1), **OWNED}, "spec": runtime()}
    async with server([yes(**stored)]) as (told, client):
        found = await prepared_for(client, intended, template)
        assert told.asked == [f"GET {GROUP}/namespaces/team/trainingruntimes/mrc-r"]
        assert found == prepared(stored)
    async with server([no(404, "NotFound")]) as (_, client):
        assert await prepared_for(client, intended, template) is None
    async with server([]) as (_, client):
        assert await prepared_for(client, check(), template) is None
        assert await prepared_for(client, intended, JobTemplate("j", {})) is None
        assert await prepared_for(client, intended, Failure(reason="RuntimeMissing", message="gone")) is None


def test_what_stands_says_whose_it_is_and_since_when() -> None:
    found = prepared({"metadata": {"creationTimestamp": at(1), **OWNED}, "spec": {"a": 1}})
    assert (found.owner_uid, found.task, found.spec, found.since) == ("check", "t", {"a": 1}, time(1))


def observed(*conditions: Json, **spec: Any) -> Any:
    metadata = {"name": "mrc-1", "uid": "u", **OWNED}
    trained = {"metadata": metadata, "spec": spec, "status": {"conditions": list(conditions)}}
    done = pod({"phase": "Succeeded", "containerStatuses": [terminated(1, 2, "yes", "node"), terminated(1, 2, "no")]})
    return observed_job(trained, [done], kind=KINDS["TrainJob"])


def test_a_train_job_says_how_it_ended() -> None:
    complete, failed = observed(condition("Complete", second=8)), observed(condition("Failed", reason="FailedJobs"))
    assert (complete.kind, complete.succeeded, complete.finished_at) == ("TrainJob", True, time(8))
    assert (failed.succeeded, failed.failure.reason) == (False, "FailedJobs")
    assert observed(condition("Suspended"), suspend=True).suspended
    assert observed(activeDeadlineSeconds=60).deadline_seconds == 60


def test_its_answer_is_that_of_its_node() -> None:
    assert [each.message for each in observed().pods] == ["yes"]


def test_its_pods_are_found_by_a_label_that_nobody_else_can_give() -> None:
    metadata = {"name": "mrc-1", "uid": "u", "labels": {"modelreuse.io/check": "digits"}}
    selector = KINDS["TrainJob"].pods({"metadata": metadata})
    assert selector == "jobset.sigs.k8s.io/jobset-name=mrc-1,modelreuse.io/check=digits"
    assert KINDS["Job"].pods({"metadata": metadata}) == "modelreuse.io/check,batch.kubernetes.io/controller-uid=u"
