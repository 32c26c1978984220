"""Objects as an API server serves them, as small as they can be."""

from typing import Any

Json = dict[str, Any]


def check(name: str = "digits", namespace: str = "team", version: int = 1, **more: Any) -> Json:
    return {
        "apiVersion": "modelreuse.io/v1alpha1",
        "kind": "ModelReuseCheck",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"uid-{name}",
            "generation": 1,
            "resourceVersion": str(version),
        },
        "spec": {
            "models": [{"name": "current", "uri": "pvc://models/digits.pt2"}],
            "data": {"reference": {"uri": "pvc://data/train.npz"}, "new": {"uri": "pvc://data/line7.npz"}},
        },
        **more,
    }


def policy(name: str = "plant", version: int = 1, profile: str = "site") -> Json:
    return {
        "apiVersion": "modelreuse.io/v1alpha1",
        "kind": "RetrainPolicy",
        "metadata": {"name": name, "uid": f"uid-{name}", "resourceVersion": str(version)},
        "spec": {"costProfile": profile, "reuse": {"maxQualityLoss": "0.02"}},
    }


def profile(name: str = "site", version: int = 1, trusted: tuple[str, ...] = ()) -> Json:
    return {
        "apiVersion": "modelreuse.io/v1alpha1",
        "kind": "CostProfile",
        "metadata": {"name": name, "uid": f"uid-{name}", "resourceVersion": str(version)},
        "spec": {
            "cpus": [{"name": "core", "powerWatts": "10", "source": "a guess"}],
            "grid": {"zone": "XX", "locationGramsPerKwh": "400", "source": "a guess", "year": 2025},
            "trustedNamespaces": list(trusted),
        },
    }


def record(name: str = "mrc-r1", namespace: str = "team", version: int = 1, **more: Any) -> Json:
    return {
        "apiVersion": "modelreuse.io/v1alpha1",
        "kind": "RetrainingRecord",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"uid-{name}",
            "resourceVersion": str(version),
            "managedFields": [{"manager": "operator"}],
            "annotations": {"a": "b"},
        },
        "spec": {
            "source": "Operator",
            "check": {"name": "digits", "uid": "uid-digits"},
            "action": "FineTune",
            "model": "current",
            "recipe": "default",
            "maxSteps": 100,
            "target": "0.9",
            "approval": {
                "digest": "sha256:" + "a" * 64,
                "preimage": "{}" * 1000,
                "requestedBy": "bob",
                "approvedBy": "alice",
                "at": "2026-01-02T03:04:05Z",
            },
        },
        **more,
    }


def job(
    name: str = "mrc-1",
    uid: str = "",
    owner: str = "uid-digits",
    role: str = "assessment",
    task: str = "t",
    kind: str = "Job",
) -> Json:
    return {
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": "team",
            "uid": uid or f"uid-{name}",
            "labels": {"modelreuse.io/check": "digits", "modelreuse.io/role": role},
            "annotations": {"modelreuse.io/task": task},
            "ownerReferences": [{"uid": "somebody"}, {"uid": owner, "controller": True}],
        },
    }
