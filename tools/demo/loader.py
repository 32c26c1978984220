"""Fills PersistentVolumeClaims through a pod, where nobody knows on which machine the volumes lie."""

import io
import json
import tarfile
from typing import Any

from demo import places
from demo.errors import DemoError
from demo.kubectl import Person
from demo.watching import wait_until

_POD = "claims-loader"
_ROOT = "/claims"
# All of standard input is read first: a process that ends before its input does leaves `kubectl exec` waiting.
_UNPACK = f"import io, sys, tarfile; tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read())).extractall('{_ROOT}')"


def load_claims(admin: Person, image: str) -> None:
    """Copy the example's folders into the claims of the same names. Raises DemoError where that fails."""
    file = places.APPLIED / "loader.json"
    file.write_text(json.dumps(pod(image), indent=1) + "\n")
    admin.types("apply", "-f", str(file))
    here = ("-n", places.NAMESPACE, "pod", _POD)
    wait_until(
        admin,
        here,
        lambda seen: bool(seen["status"].get("phase") == "Running"),
        seconds=600,
        describe=lambda seen: f"pod: {seen['status'].get('phase')}",
    )
    admin.narrator.say("(the example's folders go into the claims through that pod)")
    answer = admin.quietly("exec", "-i", "-n", places.NAMESPACE, _POD, "--", "python3", "-c", _UNPACK, stdin=packed())
    if not answer.succeeded:
        raise DemoError(f"filling the claims failed: {answer.text.strip()}")
    admin.types("delete", "-f", str(file), "--wait=false")


def packed() -> bytes:
    """The example's folders as one tar."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for claim in places.CLAIMS:
            folder = places.EXAMPLE / claim
            for file in sorted(folder.rglob("*")) if folder.is_dir() else []:
                if file.is_file() and "__pycache__" not in file.parts:
                    archive.add(file, f"{claim}/{file.relative_to(folder).as_posix()}")
    return buffer.getvalue()


def pod(image: str) -> dict[str, Any]:
    """A pod that holds all claims open, as unprivileged as the namespace demands."""
    container = {
        "name": "loader",
        "image": image,
        "command": ["python3", "-c", "import time; time.sleep(900)"],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": claim, "mountPath": f"{_ROOT}/{claim}"} for claim in places.CLAIMS],
    }
    identity = {
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "fsGroup": 65532,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": _POD, "namespace": places.NAMESPACE},
        "spec": {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False,
            "securityContext": identity,
            "containers": [container],
            "volumes": [{"name": claim, "persistentVolumeClaim": {"claimName": claim}} for claim in places.CLAIMS],
        },
    }
