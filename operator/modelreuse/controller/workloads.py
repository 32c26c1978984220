"""Jobs and pods as the API server describes them, reduced to what rules ask about.

Reads, and judges nothing: whether a Job is ours, and whether its answer counts, is for the rules.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from modelreuse.api import Failure
from modelreuse.api.names import (
    COMPLETION_INDEX_LABEL,
    INPUTS_CONTAINER,
    QUEUE_LABEL,
    TASK_ANNOTATION,
)
from modelreuse.cluster import failure_of
from modelreuse.decisions import ObservedJob, ObservedPod, ObservedService, Prepared
from modelreuse.manifests import JOB, Kind, accelerators_of, cores_of

Json = Mapping[str, Any]

_STARTING = {"ContainerCreating", "PodInitializing"}
"""Reasons to wait that pass by themselves."""
_FINAL = {"Succeeded", "Failed"}


def shards_of(job: Json) -> int:
    """How many pods share the work of a Job."""
    spec = job.get("spec") or {}
    return int(spec.get("completions", 1)) if spec.get("completionMode") == "Indexed" else 1


def observed_job(job: Json, pods: Sequence[Json], *, service: Json | None = None, kind: Kind = JOB) -> ObservedJob:
    """A Job, or what runs a retraining instead of one, with its pods, the oldest first, and the Service of its name."""
    metadata, spec, status = job["metadata"], job.get("spec") or {}, job.get("status") or {}
    complete = _true_condition(status, kind.done)
    failed = _true_condition(status, kind.failed)
    ended = complete or failed
    by_age = sorted(pods, key=lambda pod: (pod["metadata"].get("creationTimestamp", ""), pod["metadata"]["name"]))
    return ObservedJob(
        name=metadata["name"],
        uid=metadata["uid"],
        owner_uid=_owner_uid(metadata),
        task=(metadata.get("annotations") or {}).get(TASK_ANNOTATION),
        finished_at=time_of(ended["lastTransitionTime"]) if ended else None,
        succeeded=complete is not None,
        failure=_failure(failed, f"{kind.name}Failed") if failed else None,
        deadline_seconds=spec.get("activeDeadlineSeconds"),
        suspended=spec.get("suspend", False),
        queue=(metadata.get("labels") or {}).get(QUEUE_LABEL),
        shards=shards_of(job),
        service=_observed_service(service) if service is not None else None,
        pods=tuple(observed_pod(pod, kind) for pod in by_age),
        kind=kind.name,
    )


def prepared(served: Json) -> Prepared:
    """What must stand before a retraining is launched."""
    metadata = served["metadata"]
    task = (metadata.get("annotations") or {}).get(TASK_ANNOTATION)
    return Prepared(_owner_uid(metadata), task, served["spec"], since=time_of(metadata["creationTimestamp"]))


def observed_pod(pod: Json, kind: Kind = JOB) -> ObservedPod:
    """A pod: how it runs, and what our container in it has said."""
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    ours = _container(status, "containerStatuses", kind.containers)
    comparing = _container(status, "initContainerStatuses", (INPUTS_CONTAINER,))
    return ObservedPod(
        name=pod["metadata"]["name"],
        node=spec.get("nodeName"),
        started_at=_started_at(status),
        finished_at=_finished_at(status),
        message=_message(ours),
        image_id=ours.get("imageID") or None,
        inputs_message=_message(comparing),
        inputs_image_id=comparing.get("imageID") or None,
        index=int((pod["metadata"].get("labels") or {}).get(COMPLETION_INDEX_LABEL, 0)),
        waiting=_waiting(status),
        cpu_cores=cores_of(spec),
        gpus=accelerators_of(spec),
    )


def _container(status: Json, kind: str, names: Sequence[str]) -> Json:
    """The status of the first container with one of these names; empty where there is none."""
    return next((each for each in status.get(kind) or [] if each["name"] in names), {})


def _message(container: Json) -> str | None:
    message: str | None = ((container.get("state") or {}).get("terminated") or {}).get("message")
    return message


def time_of(text: str) -> datetime:
    """A Kubernetes time, such as `2026-01-02T03:04:05Z`."""
    return datetime.fromisoformat(text)


def _observed_service(service: Json) -> ObservedService:
    selector = (service.get("spec") or {}).get("selector") or {}
    return ObservedService(_owner_uid(service["metadata"]), selector)


def _owner_uid(metadata: Json) -> str | None:
    owners = metadata.get("ownerReferences") or []
    return next((owner["uid"] for owner in owners if owner.get("controller")), None)


def _true_condition(status: Json, kind: str) -> Json | None:
    conditions = status.get("conditions") or []
    return next((each for each in conditions if each["type"] == kind and each["status"] == "True"), None)


def _failure(said: Json, otherwise: str) -> Failure:
    return failure_of(said.get("reason", ""), said.get("message", ""), otherwise)


def _states(status: Json) -> Iterator[Json]:
    for container in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
        yield container.get("state") or {}


def _started_at(status: Json) -> datetime | None:
    """When the first container began: pulling its image is no work of ours."""
    running = [state.get("running") or state.get("terminated") or {} for state in _states(status)]
    times = [time_of(state["startedAt"]) for state in running if state.get("startedAt")]
    return min(times, default=None)


def _finished_at(status: Json) -> datetime | None:
    """When the last container ended; of a pod whose node has gone, when that was noticed."""
    if status.get("phase") not in _FINAL:
        return None
    ended = [state.get("terminated") or {} for state in _states(status)]
    times = [time_of(state["finishedAt"]) for state in ended if state.get("finishedAt")]
    noticed = [
        time_of(each["lastTransitionTime"]) for each in status.get("conditions") or [] if each.get("lastTransitionTime")
    ]
    return max(times or noticed, default=None)


def _waiting(status: Json) -> Failure | None:
    """Why it can't start: a container's own reason, or the scheduler's."""
    for state in _states(status):
        waiting = state.get("waiting")
        if waiting and waiting.get("reason", "") not in {"", *_STARTING}:
            return _failure(waiting, "Waiting")
    for condition in status.get("conditions") or []:
        unscheduled = condition["type"] == "PodScheduled" and condition["status"] == "False"
        if unscheduled and condition.get("reason") != "SchedulingGated":
            return _failure(condition, "Unschedulable")
    return None
