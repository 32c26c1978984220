# ruff: noqa: E501 - one attempt a line, as rows of a table
"""Status is the operator's word: whatever RBAC allows, by whatever way of writing."""

from cluster.gate import objects
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


def write_ledger(scene: Scene, by: str, way: str = MERGE) -> Object:
    """Of a policy: what budgets hold."""
    name = f"{scene.namespace}-{scene.name}"
    policy: Object = {"apiVersion": "modelreuse.io/v1alpha1", "kind": "RetrainPolicy", "metadata": {"name": name}}
    stored = scene["admin"].create(policy | {"spec": {"costProfile": "none", "reuse": {"maxQualityLoss": "0.1"}}})
    status: Object = {"charges": []}
    try:
        if way == "PUT":
            return scene[by].replace(stored | {"status": status}, part="status")
        return scene[by].patch(policy, {"status": status}, part="status")
    finally:
        scene["admin"].delete(policy)


def write_calibration(scene: Scene, by: str, way: str = MERGE) -> Object:
    """Of a profile: how good predictions were."""
    name = f"{scene.namespace}-{scene.name}"
    profile: Object = {"apiVersion": "modelreuse.io/v1alpha1", "kind": "CostProfile", "metadata": {"name": name}}
    site = {"cpus": [{"name": "core", "powerWatts": "10", "source": "a guess"}], "grid": {"zone": "FRA"}}
    stored = scene["admin"].create(profile | {"spec": site})
    status: Object = {"claims": 20, "coverage": "0.8"}
    try:
        if way == "PUT":
            return scene[by].replace(stored | {"status": status}, part="status")
        return scene[by].patch(profile, {"status": status}, part="status")
    finally:
        scene["admin"].delete(profile)


def create_with_status(scene: Scene, offered: bool) -> Object:
    """As if the operator had offered something already."""
    approval = {"digest": scene.offered, **objects.OFFERED}
    check = scene["bob"].create(objects.check(scene.namespace, scene.name) | {"status": {"approval": approval}})
    if offered:
        scene.offer(check)
    return scene["alice"].annotate(check, approve=scene.offered)


def refused(who: str) -> str:
    return f'user "{who}" may not write the status of {{name}}: only the operator does'


ATTEMPTS = (
    *(
        Attempt(f"{name}-status-with-full-rbac", write_status, {"by": "bob"}, {"by": "operator"}, refused("bob"), given={"way": way})
        for name, way in {"put": "PUT", "patch": MERGE, "json-patch": JSON_PATCH, "apply": "apply"}.items()
    ),
    Attempt("status-with-a-wildcard-role", write_status, {"by": "mallory"}, {"by": "operator"}, refused("mallory")),
    Attempt("status-as-cluster-admin", write_status, {"by": "admin"}, {"by": "operator"}, refused("admin")),
    Attempt("ledger-as-cluster-admin", write_ledger, {"by": "admin"}, {"by": "operator"}, 'user "admin" may not write the status of {ns}-{name}'),
    Attempt("ledger-by-put-as-cluster-admin", write_ledger, {"by": "admin"}, {"by": "operator"}, 'user "admin" may not write the status of {ns}-{name}', given={"way": "PUT"}),
    Attempt("ledger-with-a-wildcard-role", write_ledger, {"by": "mallory"}, {"by": "operator"}, "cannot patch resource"),
    Attempt("calibration-as-cluster-admin", write_calibration, {"by": "admin"}, {"by": "operator"}, 'user "admin" may not write the status of {ns}-{name}'),
    Attempt("calibration-by-put-as-cluster-admin", write_calibration, {"by": "admin"}, {"by": "operator"}, 'user "admin" may not write the status of {ns}-{name}', given={"way": "PUT"}),
    Attempt("calibration-with-a-wildcard-role", write_calibration, {"by": "mallory"}, {"by": "operator"}, "cannot patch resource"),
    Attempt("create-with-an-offer", create_with_status, {"offered": False}, {"offered": True}, "{ns}/{name} offers nothing to approve now"),
    Attempt("status-as-another-service-account", write_status, {"by": "ci"}, {"by": "operator"}, "cannot patch resource"),
)  # fmt: skip
