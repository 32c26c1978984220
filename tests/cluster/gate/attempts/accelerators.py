# ruff: noqa: E501 - one attempt a line, as rows of a table
"""The optional policy: where accelerators are kept for approved retrainings, nobody else gets one."""

from cluster.gate import objects
from cluster.gate.attempt import Attempt
from cluster.gate.scene import Scene
from cluster.person import JSON_PATCH, MERGE, Object

GPU = {"nvidia.com/gpu": "1"}
CPU = {"cpu": "1"}
CHECK = {"modelreuse.io/check": "c"}
CLAIM = [{"name": "gpu", "resourceClaimTemplateName": "any"}]


def create(
    scene: Scene,
    by: str = "bob",
    limits: Object | None = None,
    where: str = "containers",
    account: str = "default",
    namespace: str = "",
    claims: list[Object] | None = None,
) -> Object:
    """A pod that asks for hardware; nothing is stored."""
    pod = objects.pod(namespace or scene.namespace, f"n-{scene.name}")
    pod["spec"] |= {"serviceAccountName": account, "resourceClaims": claims or []}
    pod["spec"][where][0]["resources"] = {"limits": GPU if limits is None else limits}
    return scene[by].create(pod, dryRun="All")


def create_labelled(scene: Scene, labels: Object) -> Object:
    """As the Job controller makes pods: of anybody's Job, or of ours."""
    pod = objects.pod(scene.namespace, f"n-{scene.name}", labels=labels)
    pod["spec"]["containers"][0]["resources"] = {"limits": GPU}
    return scene["job_controller"].create(pod, dryRun="All")


def relabel(scene: Scene, by: str = "bob", value: str | None = None, way: str = MERGE, part: str = "") -> Object:
    """Of the team's namespace; nothing is stored."""
    namespace: Object = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": scene.namespace}}
    change: object = {"metadata": {"labels": {"modelreuse.io/accelerators": value}}}
    if way == "PUT":
        stored = scene["admin"].get(namespace)
        del stored["metadata"]["resourceVersion"]
        stored["metadata"]["labels"]["modelreuse.io/accelerators"] = value
        return scene[by].replace(stored, part=part, dryRun="All")
    if way == JSON_PATCH:
        change = [{"op": "replace", "path": "/metadata/labels/modelreuse.io~1accelerators", "value": value}]
    return scene[by].patch(namespace, change, kind=way, part=part, dryRun="All")


REFUSED = "Pod {ns}/n-{name} may not have accelerators"
NO_LABEL = 'user "bob" may not change label modelreuse.io/accelerators of namespace {ns}'

ATTEMPTS = (
    Attempt("train-on-an-accelerator-without-us", create, {"limits": GPU}, {"limits": CPU}, REFUSED),
    Attempt("train-on-a-slice-of-one", create, {"limits": {"nvidia.com/mig-1g.5gb": "1"}}, {"limits": CPU}, REFUSED),
    Attempt("train-on-another-make", create, {"limits": {"amd.com/gpu": "1"}}, {"limits": CPU}, REFUSED),
    Attempt("train-in-an-init-container", create, {"limits": GPU}, {"limits": CPU}, REFUSED, given={"where": "initContainers"}),
    Attempt("train-by-a-resource-claim", create, {"claims": CLAIM}, {"claims": None}, REFUSED, given={"limits": CPU}),
    Attempt("train-under-another-account", create, {"account": "default"}, {"account": "inference"}, REFUSED),
    Attempt("train-as-cluster-admin-where-they-are-kept", create, {"namespace": ""}, {"namespace": "default"}, REFUSED, given={"by": "admin"}),
    Attempt("train-in-a-job-of-his-own", create_labelled, {"labels": {"check": "c"}}, {"labels": CHECK}, REFUSED),
    Attempt("take-the-label-away", relabel, {"by": "bob"}, {"by": "admin"}, NO_LABEL),
    *(
        Attempt(f"change-the-label-by-{name}", relabel, {"by": "bob"}, {"by": "admin"}, NO_LABEL, given={"value": "free", **how})
        for name, how in {"patch": {}, "json-patch": {"way": JSON_PATCH}, "status": {"part": "status"}, "finalize": {"way": "PUT", "part": "finalize"}}.items()
    ),
)  # fmt: skip
