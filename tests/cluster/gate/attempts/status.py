# ruff: noqa: E501 - one attempt a line, as rows of a table
"""Status is the operator's word: whatever RBAC allows, by whatever way of writing."""

from cluster.gate.attempt import Attempt
from cluster.gate.scene import Scene
from cluster.person import JSON_PATCH, MERGE, Object

ASSESSED = {"recommendation": {"action": "Reuse", "model": "current", "reason": "Fits", "message": "keep it"}}


def write_status(scene: Scene, by: str, way: str = MERGE) -> Object:
    check = scene.check()
    changed = {"apiVersion": check["apiVersion"], "kind": check["kind"], "status": ASSESSED}
    changed["metadata"] = {"namespace": scene.namespace, "name": scene.name}
    if way == "PUT":
        return scene[by].replace(check | {"status": ASSESSED}, part="status")
    if way == "apply":
        return scene[by].apply(changed, part="status")
    if way == JSON_PATCH:
        change = [{"op": "add", "path": "/status", "value": ASSESSED}]
        return scene[by].patch(check, change, part="status", kind=JSON_PATCH)
    return scene[by].patch(check, {"status": ASSESSED}, part="status")


def refused(who: str) -> str:
    return f'user "{who}" may not write the status of {{name}}: only the operator does'


ATTEMPTS = (
    *(
        Attempt(f"{name}-status-with-full-rbac", write_status, {"by": "bob"}, {"by": "operator"}, refused("bob"), given={"way": way})
        for name, way in {"put": "PUT", "patch": MERGE, "json-patch": JSON_PATCH, "apply": "apply"}.items()
    ),
    Attempt("status-with-a-wildcard-role", write_status, {"by": "mallory"}, {"by": "operator"}, refused("mallory")),
    Attempt("status-as-cluster-admin", write_status, {"by": "admin"}, {"by": "operator"}, refused("admin")),
    Attempt("status-as-another-service-account", write_status, {"by": "ci"}, {"by": "operator"}, "cannot patch resource"),
)  # fmt: skip
