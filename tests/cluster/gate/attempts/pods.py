# ruff: noqa: E501 - one attempt a line, as rows of a table
"""Pods of ours run what was approved, and what they say is what their node heard."""

from cluster.gate import objects
from cluster.gate.attempt import Attempt
from cluster.gate.scene import Scene
from cluster.person import Object, RefusedError

CHECK = {"modelreuse.io/check": "c"}
CONTROLLER = "system:serviceaccount:kube-system:job-controller"
REPLICAS = "system:serviceaccount:kube-system:replicaset-controller"
OURS = {"labels": CHECK}


def create(scene: Scene, by: str = "bob", name: str = "mrc-", labels: Object | None = None) -> Object:
    person = scene["admin"].speaking_for(by) if by.startswith("system:") else scene[by]
    return person.create(objects.pod(scene.namespace, name + scene.name, labels=labels))


def create_generated(scene: Scene, prefix: str) -> Object:
    pod = objects.pod(scene.namespace, "unused")
    pod["metadata"] = {"namespace": scene.namespace, "generateName": prefix}
    return scene["bob"].create(pod)


def change(scene: Scene, change: Object, by: str = "bob", name: str = "mrc-", part: str = "") -> Object:
    """Of a pod of ours, or, under another name, of bob's own."""
    created = create(scene, "job_controller" if name == "mrc-" else "bob", name)
    return scene[by].patch(created, change, part=part, kind="application/strategic-merge-patch+json")


def end(scene: Scene, by: str, name: str = "mrc-") -> Object:
    """Says how a pod ended, in its termination message."""
    maker = scene["job_controller" if name == "mrc-" else "bob"]
    pod = maker.create(objects.pod(scene.namespace, name + scene.name, node="n1"))
    return scene[by].patch(pod, objects.terminated("{}"), part="status")


def connect(scene: Scene, part: str, name: str) -> None:
    """As far as a cluster without nodes goes: past admission, the API server finds no node to connect to."""
    pod = create(scene, "job_controller" if name == "mrc-" else "bob", name)
    query = {"command": "sh", "container": "worker"} if part in ("exec", "attach") else {}
    try:
        scene["bob"].post_to(pod, part, None, **query)
    except RefusedError as error:
        if not any(reason in error.message for reason in NO_NODE):
            raise


NO_NODE = ("does not have a host assigned", "address not allowed")
OTHERS = "names that begin with mrc- and labels modelreuse.io/... are for pods of the operator's Jobs"


def altering(id_: str, what: str, change_: object) -> Attempt:
    says = f'user "bob" may not change {what} of Pod {{ns}}/mrc-{{name}}: it runs what was approved'
    return Attempt(id_, change, {"name": "mrc-"}, {"name": "n-"}, says, given={"change": change_})


IMAGE = {"spec": {"containers": [{"name": "worker", "image": "example.invalid/evil:1"}]}}
DEBUG = {"spec": {"ephemeralContainers": [{"name": "debug", "image": "example.invalid/evil:1"}]}}
RESIZE = {"spec": {"containers": [{"name": "worker", "resources": {"requests": {"cpu": "2"}}}]}}

ATTEMPTS = (
    Attempt("create-a-pod-under-the-prefix", create, {"by": "bob"}, {"by": CONTROLLER}, 'user "bob" may not create Pod {ns}/mrc-{name}: '),
    Attempt("create-a-pod-under-the-prefix-not-beside-it", create, {"name": "mrc-"}, {"name": "mrc"}, OTHERS),
    Attempt("create-a-pod-under-a-generated-name", create_generated, {"prefix": "mrc-"}, {"prefix": "mine-"}, OTHERS),
    Attempt("create-a-pod-with-the-label", create, {"labels": CHECK}, {"labels": {}}, OTHERS, given={"name": "n-"}),
    Attempt("create-a-pod-as-operator", create, {"by": "operator"}, {"by": CONTROLLER}, "cannot create resource"),
    Attempt("create-a-pod-as-cluster-admin", create, {"by": "admin"}, {"by": CONTROLLER}, OTHERS),
    Attempt("create-pods-by-a-deployment", create, {"by": REPLICAS}, {"by": CONTROLLER}, f'user "{REPLICAS}" may not create Pod'),
    altering("swap-the-image", "spec.containers", IMAGE),
    altering("swap-the-image-of-an-init-container", "spec.initContainers", {"spec": {"initContainers": [{"name": "verify", "image": "example.invalid/evil:1"}]}}),
    altering("drop-our-annotation-of-the-pod", "annotation modelreuse.io/task", {"metadata": {"annotations": {"modelreuse.io/task": None}}}),
    altering("give-the-pod-an-owner", "ownerReferences or finalizers", {"metadata": {"ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "1"}]}}),
    altering("label-the-pod", "labels", {"metadata": {"labels": {"x": "y"}}}),
    altering("shorten-the-pod", "spec.activeDeadlineSeconds", {"spec": {"activeDeadlineSeconds": 5}}),
    altering("hold-the-pod-by-a-finalizer", "ownerReferences or finalizers", {"metadata": {"finalizers": ["example.com/x"]}}),
    Attempt("label-his-own-pod-as-ours", change, {"change": {"metadata": OURS}}, {"change": {"metadata": {"labels": {"x": "y"}}}}, "may not change labels of Pod {ns}/n-{name}", given={"name": "n-"}),
    Attempt("annotate-the-pod-in-our-name", change, {"change": {"metadata": {"annotations": {"modelreuse.io/task": "x"}}}}, {"change": {"metadata": {"annotations": {"x": "y"}}}}, "may not change annotation modelreuse.io/task"),
    Attempt("swap-the-image-as-cluster-admin", change, {"name": "mrc-"}, {"name": "n-"}, "may not change spec.containers", given={"by": "admin", "change": IMAGE}),
    Attempt("add-an-ephemeral-container", change, {"name": "mrc-"}, {"name": "n-"}, 'user "bob" may not use pods/ephemeralcontainers on {ns}/mrc-{name}', given={"change": DEBUG, "part": "ephemeralcontainers"}),
    Attempt("resize-the-pod", change, {"name": "mrc-"}, {"name": "n-"}, 'user "bob" may not use pods/resize on {ns}/mrc-{name}', given={"change": RESIZE, "part": "resize"}),
    Attempt("label-the-pod-through-its-status", change, {"name": "mrc-"}, {"name": "n-"}, "may not change labels of Pod {ns}/mrc-{name}", given={"change": {"metadata": {"labels": {"x": "y"}}}, "part": "status"}),
    Attempt("say-how-it-goes-not-how-the-network-is", change, {"change": {"status": {"message": "x"}}}, {"change": {"metadata": {"annotations": {"network": "x"}}}}, "may not write the status of Pod {ns}/mrc-{name}", given={"part": "status"}),
    Attempt("say-how-the-pod-ended", end, {"by": "mallory"}, {"by": "node"}, 'user "mallory" may not write the status of Pod {ns}/mrc-{name}'),
    Attempt("say-how-the-pod-ended-as-cluster-admin", end, {"by": "admin"}, {"by": "node"}, "its termination message is believed"),
    Attempt("say-how-our-pod-ended-not-his", end, {"name": "mrc-"}, {"name": "n-"}, "its termination message is believed", given={"by": "bob"}),
    *(
        Attempt(f"{part}-into-a-pod", connect, {"name": "mrc-"}, {"name": "n-"}, f'user "bob" may not use pods/{part} on {{ns}}/mrc-{{name}}', given={"part": part})
        for part in ("exec", "attach", "portforward", "proxy")
    ),
)  # fmt: skip
