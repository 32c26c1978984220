"""Jobs and pods, read as the API server writes them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from modelreuse.api import Failure
from modelreuse.controller.workloads import observed_job, observed_pod, shards_of
from modelreuse.decisions import ObservedService
from modelreuse.manifests.resources import cpu_quantity

Json = dict[str, Any]


def at(second: int) -> str:
    return f"2026-01-02T03:04:{second:02}Z"


def time(second: int) -> datetime:
    return datetime(2026, 1, 2, 3, 4, second, tzinfo=UTC)


def job(conditions: list[Json] | None = None, **spec: Any) -> Json:
    return {
        "metadata": {
            "name": "mrc-1",
            "uid": "j1",
            "annotations": {"modelreuse.io/task": "assess/n/current/1"},
            "ownerReferences": [{"uid": "somebody"}, {"uid": "check-uid", "controller": True}],
        },
        "spec": spec,
        "status": {"conditions": conditions or []},
    }


def condition(kind: str, status: str = "True", second: int = 9, reason: str = "", message: str = "") -> Json:
    return {
        "type": kind,
        "status": status,
        "lastTransitionTime": at(second),
        "reason": reason,
        "message": message,
    }


def pod(status: Json | None = None, containers: list[Json] | None = None, name: str = "p", created: int = 0) -> Json:
    return {
        "metadata": {"name": name, "creationTimestamp": at(created)},
        "spec": {"nodeName": "n1", "containers": containers or [{"name": "worker"}]},
        "status": status or {"phase": "Pending"},
    }


def terminated(begun: int, ended: int, message: str | None = None, name: str = "worker") -> Json:
    state: Json = {"exitCode": 0, "startedAt": at(begun), "finishedAt": at(ended)}
    if message is not None:
        state["message"] = message
    return {"name": name, "imageID": f"sha256:{name}", "state": {"terminated": state}}


def test_a_job_says_whose_it_is_and_what_it_does() -> None:
    observed = observed_job(job(), [])
    assert (observed.name, observed.uid, observed.owner_uid) == ("mrc-1", "j1", "check-uid")
    assert observed.task == "assess/n/current/1"
    assert observed.finished_at is None


def test_a_job_of_nobody_has_no_owner() -> None:
    strange = job()
    strange["metadata"] = {"name": "mrc-1", "uid": "j1"}
    observed = observed_job(strange, [])
    assert observed.owner_uid is None
    assert observed.task is None


def test_a_complete_job_succeeded() -> None:
    observed = observed_job(job([condition("SuccessCriteriaMet", second=8), condition("Complete")]), [])
    assert observed.finished_at == time(9)
    assert observed.succeeded
    assert observed.failure is None


def test_a_failed_job_says_why() -> None:
    why = condition("Failed", reason="DeadlineExceeded", message="Job was active longer than specified deadline")
    observed = observed_job(job([why]), [])
    assert observed.finished_at == time(9)
    assert not observed.succeeded
    assert observed.failure == Failure(
        reason="DeadlineExceeded", message="Job was active longer than specified deadline"
    )


def test_a_job_that_is_about_to_fail_has_not_finished() -> None:
    assert observed_job(job([condition("FailureTarget"), condition("Failed", "False")]), []).finished_at is None


def test_a_suspended_job_says_so() -> None:
    assert observed_job(job(suspend=True), []).suspended
    assert observed_job(job(suspend=True), []).queue is None


def test_a_job_in_a_queue_names_it() -> None:
    queued = job(suspend=True)
    queued["metadata"]["labels"] = {"kueue.x-k8s.io/queue-name": "gpus"}
    assert observed_job(queued, []).queue == "gpus"


def test_an_indexed_job_is_shared_by_its_completions() -> None:
    indexed = job(completionMode="Indexed", completions=4, parallelism=4)
    assert (shards_of(indexed), observed_job(indexed, []).shards) == (4, 4)
    assert shards_of(job(completionMode="NonIndexed", completions=4)) == 1
    assert shards_of(job()) == 1


def test_pods_of_an_indexed_job_have_numbers() -> None:
    numbered = pod()
    numbered["metadata"]["labels"] = {"batch.kubernetes.io/job-completion-index": "3"}
    assert observed_pod(numbered).index == 3
    assert observed_pod(pod()).index == 0


def test_the_service_beside_a_job_says_whose_it_is_and_where_it_leads() -> None:
    owners = [{"uid": "somebody"}, {"uid": "j1", "controller": True}]
    service = {"metadata": {"name": "mrc-1", "ownerReferences": owners}, "spec": {"selector": {"a": "b"}}}
    assert observed_job(job(), [], service=service).service == ObservedService("j1", {"a": "b"})
    assert observed_job(job(), [], service={"metadata": {"name": "mrc-1"}, "spec": {}}).service == ObservedService(
        None, {}
    )
    assert observed_job(job(), []).service is None


def test_the_container_that_compares_inputs_speaks_for_itself() -> None:
    first, other = (terminated(1, 2, message, name) for name, message in (("modelreuse-inputs", "yes"), ("fetch", "x")))
    status = {
        "phase": "Succeeded",
        "initContainerStatuses": [other, first],
        "containerStatuses": [terminated(3, 4, "m")],
    }
    observed = observed_pod(pod(status))
    assert (observed.message, observed.image_id) == ("m", "sha256:worker")
    assert (observed.inputs_message, observed.inputs_image_id) == ("yes", "sha256:modelreuse-inputs")
    assert (observed.started_at, observed.finished_at) == (time(1), time(4))


def test_another_container_does_not_speak_for_it() -> None:
    lying = terminated(1, 2, "yes", "modelreuse-inputs")
    observed = observed_pod(pod({"phase": "Succeeded", "containerStatuses": [lying, terminated(3, 4, "m")]}))
    assert (observed.inputs_message, observed.inputs_image_id) == (None, None)


def test_pods_come_oldest_first() -> None:
    pods = [pod(name="c", created=3), pod(name="b", created=1), pod(name="a", created=3)]
    assert [each.name for each in observed_job(job(), pods).pods] == ["b", "a", "c"]


@pytest.mark.parametrize("name", ["worker", "trainer"])
def test_the_answer_is_that_of_our_container(name: str) -> None:
    statuses = [terminated(1, 2, "a sidecar's", name="istio-proxy"), terminated(1, 2, '{"version": 1}', name=name)]
    observed = observed_pod(pod({"phase": "Succeeded", "containerStatuses": statuses}))
    assert observed.message == '{"version": 1}'
    assert observed.image_id == f"sha256:{name}"
    assert observed.node == "n1"


def test_a_pod_lasts_from_its_first_container_to_its_last() -> None:
    status = {
        "phase": "Succeeded",
        "startTime": at(0),
        "initContainerStatuses": [terminated(1, 2, name="fetch")],
        "containerStatuses": [terminated(3, 7), terminated(3, 8, name="proxy")],
    }
    observed = observed_pod(pod(status))
    assert (observed.started_at, observed.finished_at) == (time(1), time(8))


def test_a_running_pod_has_begun_and_not_ended() -> None:
    running = {"name": "worker", "imageID": "", "state": {"running": {"startedAt": at(3)}}}
    observed = observed_pod(pod({"phase": "Running", "containerStatuses": [running]}))
    assert (observed.started_at, observed.finished_at) == (time(3), None)
    assert observed.image_id is None


def test_a_pod_whose_node_vanished_ended_when_that_was_noticed() -> None:
    running = {"name": "worker", "imageID": "i", "state": {"running": {"startedAt": at(3)}}}
    conditions = [condition("PodScheduled", second=1), condition("DisruptionTarget", second=40)]
    observed = observed_pod(pod({"phase": "Failed", "containerStatuses": [running], "conditions": conditions}))
    assert observed.finished_at == time(40)


def test_a_pod_that_nothing_is_known_of() -> None:
    observed = observed_pod({"metadata": {"name": "p"}, "spec": {}, "status": {}})
    assert observed.node is None
    assert observed.waiting is None


def waiting(reason: str, message: str = "") -> Json:
    container = {"name": "worker", "state": {"waiting": {"reason": reason, "message": message}}}
    return pod({"phase": "Pending", "containerStatuses": [container]})


@pytest.mark.parametrize("reason", ["ContainerCreating", "PodInitializing", ""])
def test_starting_is_no_problem(reason: str) -> None:
    assert observed_pod(waiting(reason)).waiting is None


def test_a_container_that_can_not_start_says_why() -> None:
    observed = observed_pod(waiting("ImagePullBackOff", 'Back-off pulling image "worker:1"'))
    assert observed.waiting == Failure(reason="ImagePullBackOff", message='Back-off pulling image "worker:1"')


def test_an_unschedulable_pod_says_why() -> None:
    said = condition("PodScheduled", "False", reason="Unschedulable", message="0/3 nodes have nvidia.com/gpu")
    observed = observed_pod(pod({"phase": "Pending", "conditions": [said]}))
    assert observed.waiting == Failure(reason="Unschedulable", message="0/3 nodes have nvidia.com/gpu")


def test_a_pod_that_a_gate_holds_back_is_no_problem() -> None:
    said = condition("PodScheduled", "False", reason="SchedulingGated")
    assert observed_pod(pod({"phase": "Pending", "conditions": [said]})).waiting is None


def test_words_that_no_status_could_hold_are_cut() -> None:
    observed = observed_pod(waiting("Err: image/pull", "x" * 5000))
    assert observed.waiting is not None
    assert observed.waiting.reason == "Errimagepull"
    assert observed.waiting.message.endswith("x…")


def container(limits: Json | None = None, requests: Json | None = None) -> Json:
    return {"name": "worker", "resources": {"limits": limits or {}, "requests": requests or {}}}


@pytest.mark.parametrize(
    ("containers", "cores"),
    [
        ([container()], 1.0),
        ([container({"cpu": "2"})], 2.0),
        ([container({"cpu": "500m"}, {"cpu": "100m"})], 0.5),
        ([container(requests={"cpu": "250m"}), container({"cpu": "1500m"})], 1.75),
        ([{"name": "worker"}], 1.0),
    ],
)
def test_cores_are_limits_or_requests(containers: list[Json], cores: float) -> None:
    assert observed_pod(pod(containers=containers)).cpu_cores == pytest.approx(cores)


@pytest.mark.parametrize(
    ("resource", "gpus"),
    [
        ("nvidia.com/gpu", 2),
        ("amd.com/gpu", 2),
        ("nvidia.com/mig-1g.10gb", 2),
        ("nvidia.com/gpu.shared", 2),
        ("memory", 0),
        ("hugepages-2Mi", 0),
        ("example.com/fpga", 0),
    ],
)
def test_accelerators_are_counted(resource: str, gpus: int) -> None:
    assert observed_pod(pod(containers=[container({resource: "2"})])).gpus == gpus


@pytest.mark.parametrize(
    ("text", "cores"),
    [
        ("2", "2"),
        ("1.5", "1.5"),
        ("2e1", "20"),
        ("100m", "0.1"),
        ("5u", "0.000005"),
        ("7n", "7e-9"),
        ("1e-30", "1e-9"),
        ("0", "0"),
        ("1k", "1000"),
        ("0.5M", "500000"),
        ("1Ki", "1024"),
        ("0.5Mi", "524288"),
    ],
)
def test_quantities_of_cpu(text: str, cores: str) -> None:
    assert cpu_quantity(text) == Decimal(cores)


@pytest.mark.parametrize("text", ["two", "", "m", "NaN", "1Pi"])
def test_a_bad_quantity_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=f"'{text}' is not a quantity of CPU, as in 500m"):
        cpu_quantity(text)


@pytest.mark.parametrize("text", ["-1", "2M", "Infinity", "-Infinity", "1e400"])
def test_no_container_has_so_many_cores(text: str) -> None:
    with pytest.raises(ValueError, match=f"'{text}' is no number of CPU cores from 0 to 1000000"):
        cpu_quantity(text)
