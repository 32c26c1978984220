# ruff: noqa: E501 - one attempt a line, as rows of a table
"""TrainJobs of ours and what becomes of them: each link of the chain is made, altered and judged by its own controller."""

from typing import Any

from cluster.fake_trainer import JOB_SETS, TRAINER_VERSION
from cluster.gate import objects
from cluster.gate.attempt import Attempt
from cluster.gate.scene import Scene
from cluster.person import Object

VERSIONS = {"TrainJob": TRAINER_VERSION, "TrainingRuntime": TRAINER_VERSION, "JobSet": f"{JOB_SETS}/v1alpha2"}
MAKERS = {"TrainJob": "operator", "TrainingRuntime": "operator", "JobSet": "trainer"}
CHECK = {"modelreuse.io/check": "c"}
POD = {"metadata": {"labels": dict(CHECK)}, "spec": objects.pod_spec()}


def of_kind(scene: Scene, kind: str, name: str = "mrc-", labels: Object | None = None, suspend: bool = True) -> Object:
    """As small as the API server takes it."""
    job_set = {"replicatedJobs": [{"name": "node", "template": {"spec": {"template": POD}}}]}
    spec: Object = {
        "TrainJob": {"runtimeRef": {"name": "mrc-r"}, "suspend": suspend, "activeDeadlineSeconds": 600},
        "TrainingRuntime": {"template": {"spec": job_set}},
        "JobSet": job_set,
    }[kind]
    metadata = {
        "namespace": scene.namespace,
        "name": name + scene.name,
        "labels": labels or {},
        "annotations": objects.TASK,
    }
    return {"apiVersion": VERSIONS[kind], "kind": kind, "metadata": metadata, "spec": spec}


def create(
    scene: Scene, by: str = "bob", kind: str = "TrainJob", name: str = "mrc-", labels: Object | None = None
) -> Object:
    return scene[by].create(of_kind(scene, kind, name, labels))


def made(scene: Scene, kind: str, name: str = "mrc-", suspend: bool = True) -> Object:
    """By whoever makes objects of this name."""
    return scene[MAKERS[kind] if name == "mrc-" else "bob"].create(of_kind(scene, kind, name, suspend=suspend))


def change(
    scene: Scene,
    change: Object,
    by: str = "bob",
    kind: str = "TrainJob",
    name: str = "mrc-",
    suspend: bool = True,
    **query: str,
) -> Object:
    """Of one of ours, or, under another name, of bob's own."""
    return scene[by].patch(made(scene, kind, name, suspend), change, **query)


def write_status(scene: Scene, by: str, kind: str = "TrainJob", name: str = "mrc-") -> Object:
    said = {
        "type": "Complete",
        "status": "True",
        "reason": "r",
        "message": "m",
        "lastTransitionTime": "2026-01-02T03:04:05Z",
    }
    return scene[by].patch(made(scene, kind, name), {"status": {"conditions": [said]}}, part="status")


def delete(scene: Scene, by: str = "operator", name: str = "mrc-") -> Object:
    return scene[by].delete(made(scene, "TrainJob", name))


def child(
    scene: Scene,
    owner: str = "mrc-",
    kind: str = "JobSet",
    group: str = JOB_SETS,
    controls: bool = True,
    name: str = "",
    uid: str = "1",
) -> Object:
    """The Job of a JobSet, as JobSet's controller makes it."""
    owner_name = owner + scene.name
    labels = {"modelreuse.io/check": scene.name}
    job = objects.job(scene.namespace, (name or owner_name) + "-node-0", pod_labels=labels)
    owned = {"apiVersion": f"{group}/v1alpha2", "kind": kind, "name": owner_name, "uid": uid, "controller": controls}
    job["metadata"]["ownerReferences"] = [owned]
    return job


def create_child(scene: Scene, by: str = "job_sets", **facts: Any) -> Object:
    return scene[by].create(child(scene, **facts), dryRun="All")


def change_child(scene: Scene, template: Object, by: str = "job_sets", suspend: bool = True) -> Object:
    """Of a held Job: it is let go with another pod template. Its owner is there, else it would be collected."""
    job = child(scene, uid=made(scene, "JobSet")["metadata"]["uid"])
    job["spec"]["suspend"] = suspend
    return scene[by].patch(scene["job_sets"].create(job), {"spec": {"template": template, "suspend": False}})


def delete_part(scene: Scene, by: str, kind: str = "JobSet", name: str = "mrc-", owner: bool = True) -> Object:
    """Of what a TrainJob became; it would be made anew."""
    if kind == "JobSet":
        return scene[by].delete(made(scene, kind, name))
    job = child(scene, uid=made(scene, "JobSet")["metadata"]["uid"])
    if not owner:
        del job["metadata"]["ownerReferences"]
    return scene[by].delete(scene["job_sets" if owner else "operator"].create(job), propagationPolicy="Background")


def patch(pod: Object, manager: str = "kueue.x-k8s.io/manager", **template: object) -> Object:
    """What a queue writes into a TrainJob that it holds."""
    job = {"name": "node", "template": {"spec": {"template": pod}, **template}}
    entry = {"manager": manager, "trainingRuntimeSpec": {"template": {"spec": {"replicatedJobs": [job]}}}}
    return {"spec": {"runtimePatches": [entry]}}


def with_metadata_of_the_job_set(labels: Object) -> Object:
    entry = {"manager": "kueue.x-k8s.io/manager", "trainingRuntimeSpec": {"template": {"metadata": {"labels": labels}}}}
    return {"spec": {"runtimePatches": [entry]}}


def ask(scene: Scene, by: str, way: str = "POST") -> Object:
    """A check whose retraining is a TrainJob."""
    check = objects.check(scene.namespace, scene.name)
    asked = {"maxSteps": 10, "output": "pvc://out/", "objectTemplate": {"kind": "TrainJob"}}
    if way == "PATCH":
        return scene[by].patch(scene["bob"].create(check), {"spec": {"retraining": asked}})
    return scene[by].create({**check, "spec": check["spec"] | {"retraining": asked}})


RESERVED = "names that begin with mrc- and labels modelreuse.io/... are the operator's"
PLACED = {
    "metadata": {"labels": {"kueue.x-k8s.io/podset": "node"}},
    "spec": {"nodeSelector": {"pool": "spot"}, "tolerations": [{"key": "spot", "operator": "Exists"}]},
}
PLACE = patch(PLACED)
GATED = {"spec": {"schedulingGates": [{"name": "x"}]}}
SUSPEND = {"spec": {"suspend": False}}
NO_SPEC = "may not change spec of TrainJob {ns}/mrc-{name}: it belongs to the operator"
NO_CHILD = "may not create Job {ns}/"
NO_TRAIN_JOBS = 'user "{}" may not set the spec of {{ns}}/{{name}}: the operator creates a TrainJob from'
OPERATOR_MAY_NOT = "the operator may not {0} {1} {{ns}}/n-{{name}}: it touches {1}s of its own only"


def creating(what: str, kind: str) -> tuple[Attempt, ...]:
    """Ways of making one that isn't the maker's."""
    maker = MAKERS[kind]
    says = f"may not create {kind} {{ns}}/"
    return (
        Attempt(
            f"create-{what}-under-the-prefix",
            create,
            {"by": "bob"},
            {"by": maker},
            f'user "bob" {says}mrc-{{name}}: the name mrc',
            given={"kind": kind},
        ),
        Attempt(
            f"create-{what}-under-the-prefix-as-cluster-admin",
            create,
            {"by": "admin"},
            {"by": maker},
            says + "mrc-{name}",
            given={"kind": kind},
        ),
        Attempt(
            f"create-{what}-with-the-label",
            create,
            {"labels": CHECK},
            {"labels": {"check": "c"}},
            RESERVED,
            given={"kind": kind, "name": "n-"},
        ),
    )


def placing(id_: str, change_: Object) -> Attempt:
    """Kueue does more than it must."""
    return Attempt(id_, change, {"change": change_}, {"change": PLACE}, NO_SPEC, given={"by": "kueue"})


ATTEMPTS = (
    *creating("a-train-job", "TrainJob"),
    *creating("a-training-runtime", "TrainingRuntime"),
    *creating("a-job-set", "JobSet"),
    Attempt("create-a-train-job-whose-job-gets-the-prefix", create, {"name": "mrc-"}, {"name": "mrx-"}, RESERVED),
    Attempt("create-a-train-job-as-trainer", create, {"by": "trainer"}, {"by": "operator"}, "may not create TrainJob"),
    Attempt("create-a-job-set-as-operator", create, {"by": "operator"}, {"by": "trainer"}, "jobsets", given={"kind": "JobSet"}),
    Attempt("create-a-job-set-as-job-set", create, {"by": "job_sets"}, {"by": "trainer"}, "may not create JobSet", given={"kind": "JobSet"}),
    Attempt("drop-the-deadline-of-a-train-job", change, {"change": {"spec": {"activeDeadlineSeconds": None}}}, {"change": SUSPEND}, NO_SPEC),
    Attempt("patch-the-pod-of-a-train-job", change, {"by": "bob"}, {"by": "kueue"}, 'user "bob" ' + NO_SPEC, given={"change": PLACE}),
    Attempt("patch-the-pod-of-a-train-job-as-cluster-admin", change, {"by": "admin"}, {"by": "kueue"}, NO_SPEC, given={"change": PLACE}),
    Attempt("patch-the-pod-of-a-train-job-as-trainer", change, {"by": "trainer"}, {"by": "kueue"}, NO_SPEC, given={"change": PLACE}),
    Attempt("patch-the-pod-of-a-train-job-that-runs", change, {"suspend": False}, {"suspend": True}, NO_SPEC, given={"by": "kueue", "change": PLACE}),
    placing("patch-its-environment-as-kueue", patch({"spec": {"containers": [{"name": "node", "env": [{"name": "X", "value": "1"}]}]}})),
    placing("patch-its-affinity-as-kueue", patch({"spec": {"affinity": {}}})),
    placing("gate-its-pod-as-kueue", patch({"spec": {"schedulingGates": [{"name": "x"}]}})),
    placing("annotate-its-pod-as-kueue", patch({"metadata": {"annotations": {"x": "y"}}})),
    placing("label-its-pod-as-ours-as-kueue", patch({"metadata": {"labels": {"modelreuse.io/role": "verification"}}})),
    placing("label-its-job-as-kueue", patch(PLACED, metadata={"labels": {"x": "y"}})),
    placing("label-its-job-set-as-kueue", with_metadata_of_the_job_set({"x": "y"})),
    placing("patch-in-anothers-name-as-kueue", patch(PLACED, manager="example.com/me")),
    Attempt("change-its-runtime", change, {"name": "mrc-"}, {"name": "n-"}, "may not change spec of TrainingRuntime {ns}/mrc-{name}", given={"kind": "TrainingRuntime", "change": {"spec": {"mlPolicy": {"numNodes": 8}}}}),
    Attempt("change-its-runtime-as-kueue", change, {"name": "mrc-"}, {"name": "n-"}, "may not change spec of TrainingRuntime", given={"by": "kueue", "kind": "TrainingRuntime", "change": {"spec": {"mlPolicy": {"numNodes": 8}}}}),
    Attempt("change-its-job-set", change, {"by": "bob"}, {"by": "trainer"}, 'user "bob" may not change spec of JobSet {ns}/mrc-{name}', given={"kind": "JobSet", "change": {"spec": {"failurePolicy": {"maxRestarts": 9}}}}),
    Attempt("change-its-job-set-as-job-set", change, {"by": "job_sets"}, {"by": "trainer"}, "may not change spec of JobSet", given={"kind": "JobSet", "change": {"spec": {"failurePolicy": {"maxRestarts": 9}}}}),
    Attempt("label-a-train-job", change, {"change": {"metadata": {"labels": {"x": "y"}}}}, {"change": {"metadata": {"annotations": {"x": "y"}}}}, "may not change labels of TrainJob {ns}/mrc-{name}"),
    Attempt("label-his-own-train-job-as-ours", change, {"change": {"metadata": {"labels": CHECK}}}, {"change": {"metadata": {"labels": {"x": "y"}}}}, "may not change labels of TrainJob {ns}/n-{name}", given={"name": "n-"}),
    Attempt("annotate-a-train-job-as-we-do", change, {"change": {"metadata": {"annotations": {"modelreuse.io/task": "x"}}}}, {"change": SUSPEND}, "may not change annotation modelreuse.io/task of TrainJob"),
    Attempt("drop-our-annotation-of-a-train-job", change, {"change": {"metadata": {"annotations": {"modelreuse.io/task": None}}}}, {"change": SUSPEND}, "may not change annotation modelreuse.io/task of TrainJob"),
    Attempt("hold-a-train-job-by-a-finalizer", change, {"by": "bob"}, {"by": "trainer"}, "may not change ownerReferences or finalizers of TrainJob", given={"dryRun": "All", "change": {"metadata": {"finalizers": ["trainer.kubeflow.org/x"]}}}),
    Attempt("give-a-train-job-an-owner", change, {"by": "admin"}, {"by": "garbage_collector"}, "may not change ownerReferences or finalizers of TrainJob", given={"change": {"metadata": {"ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "1"}]}}}),
    Attempt("say-that-a-train-job-succeeded", write_status, {"by": "mallory"}, {"by": "trainer"}, 'user "mallory" may not write the status of TrainJob {ns}/mrc-{name}'),
    Attempt("say-that-a-train-job-succeeded-as-job-set", write_status, {"by": "job_sets"}, {"by": "trainer"}, "may not write the status of TrainJob"),
    Attempt("say-that-a-train-job-of-ours-succeeded", write_status, {"name": "mrc-"}, {"name": "n-"}, "may not write the status of TrainJob", given={"by": "bob"}),
    Attempt("say-that-a-job-set-succeeded", write_status, {"by": "mallory"}, {"by": "job_sets"}, "may not write the status of JobSet", given={"kind": "JobSet"}),
    Attempt("say-that-a-job-set-succeeded-as-trainer", write_status, {"by": "trainer"}, {"by": "job_sets"}, "may not write the status of JobSet", given={"kind": "JobSet"}),
    Attempt("make-the-job-of-a-job-set", create_child, {"by": "admin"}, {"by": "job_sets"}, NO_CHILD + "mrc-{name}-node-0"),
    Attempt("make-the-job-of-a-job-set-as-trainer", create_child, {"by": "trainer"}, {"by": "job_sets"}, NO_CHILD),
    Attempt("have-job-set-make-our-pods-for-a-job-set-of-his-own", create_child, {"owner": "n-"}, {"owner": "mrc-"}, NO_CHILD + "n-{name}-node-0"),
    Attempt("have-job-set-make-our-pods-for-another-kind", create_child, {"kind": "Workflow"}, {"kind": "JobSet"}, NO_CHILD),
    Attempt("have-job-set-make-our-pods-for-another-group", create_child, {"group": "example.com"}, {"group": JOB_SETS}, NO_CHILD),
    Attempt("have-job-set-make-our-pods-for-an-owner-in-name-only", create_child, {"controls": False}, {"controls": True}, NO_CHILD),
    Attempt("have-job-set-make-a-job-beside-its-job-set", create_child, {"name": "mrc-other"}, {"name": ""}, NO_CHILD + "mrc-other-node-0"),
    Attempt("gate-its-pod-as-job-set", change_child, {"template": GATED}, {"template": PLACED}, "may not change spec.template of Job {ns}/mrc-{name}-node-0"),
    Attempt("place-its-pod-as-trainer", change_child, {"by": "trainer"}, {"by": "job_sets"}, "may not change spec.template of Job", given={"template": PLACED}),
    Attempt("delete-a-job-set-so-that-it-is-made-anew", delete_part, {"by": "bob"}, {"by": "trainer"}, 'user "bob" may not delete JobSet {ns}/mrc-{name}: it would be made anew'),
    Attempt("delete-a-job-set-as-cluster-admin", delete_part, {"by": "admin"}, {"by": "garbage_collector"}, "may not delete JobSet"),
    Attempt("delete-a-job-set-as-job-set", delete_part, {"by": "job_sets"}, {"by": "trainer"}, "may not delete JobSet"),
    Attempt("delete-a-job-set-of-ours", delete_part, {"name": "mrc-"}, {"name": "n-"}, "may not delete JobSet", given={"by": "bob"}),
    Attempt("delete-its-job-so-that-it-is-made-anew", delete_part, {"by": "bob"}, {"by": "job_sets"}, 'user "bob" may not delete Job {ns}/mrc-{name}-node-0', given={"kind": "Job"}),
    Attempt("delete-its-job-as-trainer", delete_part, {"by": "trainer"}, {"by": "job_sets"}, "may not delete Job", given={"kind": "Job"}),
    Attempt("delete-a-job-that-would-be-made-anew", delete_part, {"owner": True}, {"owner": False}, "may not delete Job", given={"by": "bob", "kind": "Job"}),
    Attempt("delete-somebody-elses-train-job-as-operator", delete, {"name": "n-"}, {"name": "mrc-"}, OPERATOR_MAY_NOT.format("delete", "TrainJob")),
    Attempt("create-a-train-job-for-others-as-operator", create, {"name": "n-"}, {"name": "mrc-"}, OPERATOR_MAY_NOT.format("create", "TrainJob"), given={"by": "operator"}),
    Attempt("create-a-runtime-for-others-as-operator", create, {"name": "n-"}, {"name": "mrc-"}, OPERATOR_MAY_NOT.format("create", "TrainingRuntime"), given={"by": "operator", "kind": "TrainingRuntime"}),
    Attempt("ask-for-a-train-job-without-the-right-to-create-one", ask, {"by": "bella"}, {"by": "bob"}, NO_TRAIN_JOBS.format("bella")),
    Attempt("ask-for-a-train-job-by-patch", ask, {"by": "bella"}, {"by": "bob"}, NO_TRAIN_JOBS.format("bella"), given={"way": "PATCH"}),
)  # fmt: skip
