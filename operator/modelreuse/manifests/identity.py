"""Names and ownership of what the operator creates: derived from the key, so that a crash never makes a second one."""

import hashlib
from typing import Any

from modelreuse.api import ModelReuseCheck
from modelreuse.api.names import API_VERSION, CHECK_LABEL, RESERVED_PREFIX, ROLE_LABEL, TASK_ANNOTATION

_NAME_ROOM = 35
_LABEL_ROOM = 63


def job_name(check: ModelReuseCheck, task: str, room: int = _NAME_ROOM) -> str:
    """The one name under which the Job of this task can stand; Pods' names derive from it, in at most 63 characters.

    `room`: for as much of the check's name.
    """
    stem = check.metadata.name[:room].replace(".", "-").strip("-")
    return f"{RESERVED_PREFIX}{stem}-{_short_hash(check.metadata.uid, task)}"


def record_name(digest: str) -> str:
    """The name of the record of the retraining that was approved by `digest` (`sha256:...`)."""
    return RESERVED_PREFIX + digest.removeprefix("sha256:")[:40]


def imported_record_name(digest: str) -> str:
    """The name of an imported record, by the digest of what it says: the same import is the same object."""
    return f"import-{digest.removeprefix('sha256:')[:40]}"


def assessment_task_id(nonce: str, model: str, attempt: int) -> str:
    """What an assessment's summary must echo."""
    return f"assess/{nonce[:32]}/{model}/{attempt}"


def verification_task_id(digest: str, attempt: int) -> str:
    """What a verification's summary must echo."""
    return f"verify/{digest.removeprefix('sha256:')[:40]}/{attempt}"


def owned_metadata(check: ModelReuseCheck, task: str, role: str, name: str | None = None) -> dict[str, Any]:
    """Metadata of an object of ours: deleted with its check, found by its label, bound to its task."""
    return {
        "name": name or job_name(check, task),
        "namespace": check.metadata.namespace,
        "labels": owned_labels(check, role),
        "annotations": {TASK_ANNOTATION: task},
        "ownerReferences": [
            {
                "apiVersion": API_VERSION,
                "kind": "ModelReuseCheck",
                "name": check.metadata.name,
                "uid": check.metadata.uid,
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ],
    }


def owned_labels(check: ModelReuseCheck, role: str) -> dict[str, str]:
    """Labels of a Job of ours and of its Pods."""
    name = check.metadata.name
    if len(name) > _LABEL_ROOM:
        name = f"{name[: _LABEL_ROOM - 11].rstrip('.-')}-{_short_hash(name)}"
    return {CHECK_LABEL: name, ROLE_LABEL: role}


def _short_hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:10]
