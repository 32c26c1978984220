# ruff: noqa: E501 - one attempt a line, as rows of a table
"""Jobs of ours: made, altered and judged by nobody else; suspended by Kueue, deleted by whoever may."""

from cluster.gate import objects
from cluster.gate.attempt import Attempt
from cluster.gate.scene import Scene
from cluster.person import Object

CHECK = {"modelreuse.io/check": "c"}


def create(scene: Scene, by: str = "bob", name: str = "mrc-", **labels: Object) -> Object:
    return scene[by].create(objects.job(scene.namespace, name + scene.name, **labels))


def create_called(scene: Scene, name: str) -> Object:
    return scene["bob"].create(objects.job(scene.namespace, name), dryRun="All")


def create_generated(scene: Scene, prefix: str) -> Object:
    job = objects.job(scene.namespace, "unused")
    job["metadata"] = {"namespace": scene.namespace, "generateName": prefix}
    return scene["bob"].create(job)


def create_by_cron(scene: Scene, by: str) -> Object:
    """As the CronJob controller would, for a CronJob whose template carries our label."""
    user = scene["admin"].speaking_for("system:serviceaccount:kube-system:cronjob-controller")
    return (user if by == "cron" else scene[by]).create(objects.job(scene.namespace, f"n-{scene.name}", labels=CHECK))


def change(scene: Scene, change: Object, by: str = "bob", name: str = "mrc-", indexed: bool = False) -> Object:
    """Of a Job of ours, or, under another name, of bob's own."""
    job = objects.job(scene.namespace, name + scene.name)
    if indexed:
        job["spec"] |= {"completionMode": "Indexed", "completions": 1, "parallelism": 1, "backoffLimitPerIndex": 0}
    created = scene["operator" if name == "mrc-" else "bob"].create(job)
    return scene[by].patch(created, change)


def place(scene: Scene, by: str = "kueue", change: Object | None = None, more: Object | None = None) -> Object:
    """Of a held Job of ours: what Kueue sends when it lets the Job go, and something more."""
    labels = {"modelreuse.io/check": scene.name}
    held = scene.job(labels=labels, pod_labels=labels)
    spec = {"template": merge(change if change is not None else PLACE, more or {}), "suspend": False}
    return scene[by].patch(held, {"spec": spec})


def merge(one: Object, other: Object) -> Object:
    """Both pod templates in one patch."""
    return {
        "metadata": {**one.get("metadata", {}), **other.get("metadata", {})},
        "spec": {**one.get("spec", {}), **other.get("spec", {})},
    }


def take_back(scene: Scene, change: Object, by: str = "kueue") -> Object:
    """Of a held Job of ours that was started before. No real controller manages it: that would forget the start itself."""
    job = objects.job(scene.namespace, f"mrc-{scene.name}")
    job["spec"]["managedBy"] = "example.com/nobody"
    held = scene["operator"].create(job)
    scene["job_controller"].replace(held | {"status": {"startTime": "2026-01-02T03:04:05Z"}}, part="status")
    return scene[by].patch(held, {"status": change}, part="status")


def write_status(scene: Scene, by: str) -> Object:
    """By PUT, which is what the Job controller may."""
    job = scene.job() | {"status": {"active": 1}}
    del job["metadata"]["resourceVersion"]  # the real Job controller writes too
    return scene[by].replace(job, part="status")


def label_through_status(scene: Scene, name: str) -> Object:
    job = scene["operator" if name == "mrc-" else "bob"].create(objects.job(scene.namespace, name + scene.name))
    return scene["bob"].patch(job, {"metadata": {"labels": {"x": "y"}}}, part="status")


def delete(scene: Scene, by: str = "operator", name: str = "mrc-") -> Object:
    """Of a Job of ours, or, under another name, of bob's own."""
    job = objects.job(scene.namespace, name + scene.name)
    created = scene["operator" if name == "mrc-" else "bob"].create(job)
    return scene[by].delete(created, propagationPolicy="Background")


def create_service(scene: Scene, name: str) -> Object:
    """By which pods that share a Job find each other."""
    metadata = {"namespace": scene.namespace, "name": name + scene.name}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"clusterIP": "None"}}
    return scene["operator"].create(service)


def template(**spec: object) -> Object:
    return {"spec": {"template": {"spec": spec}}}


RESERVED = 'user "bob" may not create Job {ns}/'
OTHERS = "names that begin with mrc- and labels modelreuse.io/... are the operator's"
OPERATOR_MAY_NOT = "the operator may not {} Job {{ns}}/n-{{name}}: it touches Jobs of its own only"
OPERATOR_MAY_NOT_LEAD = "the operator may not create Service {ns}/n-{name}: it touches Services of its own only"
SUSPEND = {"spec": {"suspend": False}}


PLACE = {
    "metadata": {"labels": {"kueue.x-k8s.io/podset": "main"}},
    "spec": {"nodeSelector": {"pool": "spot"}, "tolerations": [{"key": "spot", "operator": "Exists"}]},
}
"""What Kueue merges into a pod template: a flavor's node labels and tolerations, and a label of its own."""
TEMPLATE = "may not change spec.template of Job {ns}/mrc-{name}"
GATED = {"spec": {"schedulingGates": [{"name": "x"}]}}
NODE_AFFINITY = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
    {"matchExpressions": [{"key": "gpu", "operator": "Exists"}]}]}}}  # fmt: skip


def placing(id_: str, more: Object) -> Attempt:
    """Kueue does more than it must."""
    return Attempt(id_, place, {"more": more}, {"more": {}}, TEMPLATE)


def altering(id_: str, what: str, change_: Object, **given: object) -> Attempt:
    says = f'user "bob" may not change {what} of Job {{ns}}/mrc-{{name}}: it belongs to the operator'
    return Attempt(id_, change, {"by": "bob"}, {"by": "operator"}, says, given={"change": change_, **given})


def adopting(id_: str, what: str, change_: Object) -> Attempt:
    says = f'user "bob" may not change {what} of Job {{ns}}/n-{{name}}'
    harmless = {"metadata": {"labels": {"x": "y"}}}
    return Attempt(id_, change, {"change": change_}, {"change": harmless}, says, given={"name": "n-"})


ATTEMPTS = (
    Attempt("create-under-the-prefix", create, {"by": "bob"}, {"by": "operator"}, RESERVED + "mrc-{name}: "),
    Attempt("create-under-the-prefix-not-beside-it", create, {"name": "mrc-"}, {"name": "mrc"}, OTHERS),
    Attempt("create-under-the-prefix-with-a-wildcard-role", create, {"by": "mallory"}, {"by": "operator"}, OTHERS),
    Attempt("create-under-the-prefix-as-cluster-admin", create, {"by": "admin"}, {"by": "operator"}, OTHERS),
    Attempt("create-whose-pods-get-the-prefix", create_called, {"name": "mrc"}, {"name": "mrx"}, RESERVED + "mrc: "),
    Attempt("create-under-a-generated-name", create_generated, {"prefix": "mrc-"}, {"prefix": "mine-"}, OTHERS),
    Attempt("create-with-the-label", create, {"labels": CHECK}, {"labels": {"check": "c"}}, OTHERS, given={"name": "n-"}),
    Attempt("create-with-any-label-of-ours", create, {"labels": {"modelreuse.io/role": "r"}}, {"labels": {"role": "r"}}, OTHERS, given={"name": "n-"}),
    Attempt("create-with-labelled-pods", create, {"pod_labels": CHECK}, {"pod_labels": {}}, OTHERS, given={"name": "n-"}),
    Attempt("create-by-a-cronjob-with-the-label", create_by_cron, {"by": "cron"}, {"by": "operator"}, OTHERS),
    altering("raise-parallelism", "spec.parallelism", {"spec": {"parallelism": 2}}),
    altering("add-indexes", "spec.parallelism, spec.completions", {"spec": {"parallelism": 2, "completions": 2}}, indexed=True),
    altering("bear-more-failures", "spec.maxFailedIndexes", {"spec": {"maxFailedIndexes": 1}}, indexed=True),
    altering("raise-the-deadline", "spec.activeDeadlineSeconds", {"spec": {"activeDeadlineSeconds": 999999}}),
    altering("drop-the-deadline", "spec.activeDeadlineSeconds", {"spec": {"activeDeadlineSeconds": None}}),
    altering("allow-a-second-run", "spec.backoffLimit", {"spec": {"backoffLimit": 3}}),
    altering("set-a-ttl", "spec.ttlSecondsAfterFinished", {"spec": {"ttlSecondsAfterFinished": 0}}),
    altering("move-to-other-nodes", "spec.template", template(nodeSelector={"gpu": "big"})),
    altering("label-its-pods", "spec.template", {"spec": {"template": {"metadata": {"labels": {"x": "y"}}}}}),
    altering("label-it", "labels", {"metadata": {"labels": {"x": "y"}}}),
    altering("annotate-it-as-we-do", "annotation modelreuse.io/task", {"metadata": {"annotations": {"modelreuse.io/task": "x"}}}),
    altering("drop-our-annotation", "annotation modelreuse.io/task", {"metadata": {"annotations": {"modelreuse.io/task": None}}}),
    altering("hold-it-by-a-finalizer", "ownerReferences or finalizers", {"metadata": {"finalizers": ["example.com/x"]}}),
    altering("give-it-an-owner", "ownerReferences or finalizers", {"metadata": {"ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "1"}]}}),
    Attempt("change-parallelism-not-suspend", change, {"change": {"spec": {"parallelism": 2}}}, {"change": SUSPEND}, "may not change spec.parallelism"),
    Attempt("change-parallelism-of-ours-not-his", change, {"name": "mrc-"}, {"name": "n-"}, "may not change spec.parallelism", given={"change": {"spec": {"parallelism": 2}}}),
    Attempt("annotate-it-in-our-name", change, {"change": {"metadata": {"annotations": {"modelreuse.io/x": "y"}}}}, {"change": {"metadata": {"annotations": {"x": "y"}}}}, "may not change annotation modelreuse.io/x"),
    adopting("label-his-own-job-as-ours", "labels", {"metadata": {"labels": CHECK}}),
    adopting("label-his-own-pods-as-ours", "spec.template", {"spec": {"template": {"metadata": {"labels": CHECK}}}}),
    Attempt("place-its-pods-as-requester", place, {"by": "bob"}, {"by": "kueue"}, 'user "bob" ' + TEMPLATE),
    Attempt("place-its-pods-as-another-account-of-kueue", place, {"by": "other_kueue"}, {"by": "kueue"}, TEMPLATE),
    Attempt("place-its-pods-as-cluster-admin", place, {"by": "admin"}, {"by": "kueue"}, TEMPLATE),
    placing("place-its-pods-by-affinity", {"spec": {"affinity": NODE_AFFINITY}}),
    placing("gate-its-pods-as-kueue", GATED),
    placing("annotate-its-pods-as-kueue", {"metadata": {"annotations": {"x": "y"}, "labels": {}}}),
    placing("label-its-pods-as-ours-as-kueue", {"metadata": {"labels": {"modelreuse.io/role": "verification"}}}),
    placing("move-its-pods-to-another-check-as-kueue", {"metadata": {"labels": {"modelreuse.io/check": "other"}}}),
    placing("drop-our-label-of-its-pods-as-kueue", {"metadata": {"labels": {"modelreuse.io/check": None}}}),
    Attempt("raise-parallelism-as-kueue", change, {"change": {"spec": {"parallelism": 2}}}, {"change": {"spec": {"template": PLACE}}}, "may not change spec.parallelism", given={"by": "kueue"}),
    Attempt("raise-the-deadline-as-kueue", change, {"change": {"spec": {"activeDeadlineSeconds": 999999}}}, {"change": SUSPEND}, "may not change spec.activeDeadlineSeconds", given={"by": "kueue"}),
    Attempt("label-it-as-kueue", change, {"change": {"metadata": {"labels": {"x": "y"}}}}, {"change": {"metadata": {"annotations": {"kueue.x-k8s.io/stopping": "true"}}}}, "may not change labels", given={"by": "kueue"}),
    Attempt("forget-its-start-as-requester", take_back, {"by": "bob"}, {"by": "kueue"}, 'user "bob" may not write the status of Job', given={"change": {"startTime": None}}),
    Attempt("say-that-it-failed-as-kueue", take_back, {"change": {"startTime": None, "failed": 1}}, {"change": {"startTime": None}}, "may not write the status of Job"),
    Attempt("say-that-it-succeeded-as-kueue", write_status, {"by": "kueue"}, {"by": "job_controller"}, "may not write the status of Job {ns}/mrc-{name}"),
    Attempt("label-it-through-its-status", label_through_status, {"name": "mrc-"}, {"name": "n-"}, "may not change labels of Job {ns}/mrc-{name}"),
    Attempt("say-that-it-succeeded", write_status, {"by": "mallory"}, {"by": "job_controller"}, 'user "mallory" may not write the status of Job {ns}/mrc-{name}'),
    Attempt("delete-a-job-of-ours-without-the-right", delete, {"by": "carol"}, {"by": "bella"}, 'User "carol" cannot delete resource "jobs"'),
    Attempt("delete-somebody-elses-job-as-operator", delete, {"name": "n-"}, {"name": "mrc-"}, OPERATOR_MAY_NOT.format("delete")),
    Attempt("change-somebody-elses-job-as-operator", change, {"name": "n-"}, {"name": "mrc-"}, OPERATOR_MAY_NOT.format("update"), given={"by": "operator", "change": {"spec": {"ttlSecondsAfterFinished": 60}}}),
    Attempt("create-a-job-for-others-as-operator", create, {"name": "n-"}, {"name": "mrc-"}, OPERATOR_MAY_NOT.format("create"), given={"by": "operator"}),
    Attempt("create-a-service-for-others-as-operator", create_service, {"name": "n-"}, {"name": "mrc-"}, OPERATOR_MAY_NOT_LEAD),
    Attempt("say-that-it-succeeded-as-operator", write_status, {"by": "operator"}, {"by": "job_controller"}, "cannot update resource"),
)  # fmt: skip
