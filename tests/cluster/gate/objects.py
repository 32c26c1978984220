"""The objects that attempts are made with, as small as the API server accepts them."""

from typing import Any

from cluster.person import Object

OURS = "modelreuse.io/v1alpha1"
TASK = {"modelreuse.io/task": "t"}
OFFERED = {"offeredAt": "2026-01-02T03:04:05Z", "expiresAt": "2026-01-03T03:04:05Z"}


def digest(letter: str) -> str:
    """A digest that is easy to tell from another."""
    return "sha256:" + letter * 64


def check(namespace: str, name: str, **metadata: Any) -> Object:
    return {
        "apiVersion": OURS,
        "kind": "ModelReuseCheck",
        "metadata": {"namespace": namespace, "name": name, **metadata},
        "spec": {
            "models": [{"name": "current", "uri": "pvc://models/digits.pt2"}],
            "data": {"reference": {"uri": "pvc://data/train.npz"}, "new": {"uri": "pvc://data/line7.npz"}},
        },
    }


def record(namespace: str, name: str, source: str) -> Object:
    """A complete record; of the operator, or imported."""
    known: Object = {
        "source": source,
        "action": "FineTune",
        "model": "current",
        "recipe": "default",
        "maxSteps": 100,
        "target": "0.9",
    }
    if source == "Operator":
        known["check"] = {"name": "c", "uid": "u"}
        known["approval"] = {
            "digest": digest("a"),
            "preimage": "{}",
            "requestedBy": "bob",
            "approvedBy": "alice",
            "at": "2026-01-02T03:04:05Z",
        }
    return {
        "apiVersion": OURS,
        "kind": "RetrainingRecord",
        "metadata": {"namespace": namespace, "name": name},
        "spec": known,
        **({"outcome": outcome()} if source == "Imported" else {}),
    }


def outcome() -> Object:
    return {"finishedAt": "2026-01-02T04:04:05Z", "result": "Succeeded", "steps": 50}


def pod_spec() -> Object:
    image = "example.invalid/worker:1"
    return {
        "restartPolicy": "Never",
        "initContainers": [{"name": "verify", "image": image}],
        "containers": [{"name": "worker", "image": image, "resources": {"requests": {"cpu": "1"}}}],
    }


def job(namespace: str, name: str, *, labels: Object | None = None, pod_labels: Object | None = None) -> Object:
    """Suspended, so that no controller makes pods of it."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"namespace": namespace, "name": name, "labels": labels or {}, "annotations": dict(TASK)},
        "spec": {
            "suspend": True,
            "backoffLimit": 0,
            "activeDeadlineSeconds": 600,
            "template": {"metadata": {"labels": pod_labels or {}}, "spec": pod_spec()},
        },
    }


def pod(namespace: str, name: str, *, labels: Object | None = None, node: str = "") -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"namespace": namespace, "name": name, "labels": labels or {}, "annotations": dict(TASK)},
        "spec": {**pod_spec(), **({"nodeName": node} if node else {})},
    }


def terminated(message: str) -> Object:
    """A pod's status that says that its worker ended with this termination message."""
    ended = {"exitCode": 0, "reason": "Completed", "message": message}
    image = "example.invalid/worker:1"
    container = {"name": "worker", "image": image, "imageID": image, "ready": False, "restartCount": 0}
    return {"status": {"phase": "Succeeded", "containerStatuses": [{**container, "state": {"terminated": ended}}]}}
