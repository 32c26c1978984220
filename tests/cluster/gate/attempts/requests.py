# ruff: noqa: E501 - one attempt a line, as rows of a table
"""The confused deputy: whoever sets a spec must be allowed to create the Jobs that the operator will create from it."""

from cluster.gate import objects
from cluster.gate.attempt import Attempt
from cluster.gate.scene import Scene
from cluster.person import APPLY, Object


def create(scene: Scene, by: str, way: str = "POST") -> Object:
    check = objects.check(scene.namespace, scene.name)
    return scene[by].apply(check) if way == APPLY else scene[by].create(check)


def change(scene: Scene, by: str, spec: Object) -> Object:
    return scene[by].patch(scene.check(), {"spec": spec})


def relabel_or_edit(scene: Scene, change: Object) -> Object:
    return scene["dan"].patch(scene.check(), change)


def assess_again(scene: Scene, by: str, token: str = "monday", before: str = "") -> Object:
    annotations = {"modelreuse.io/assess": before} if before else {}
    return scene[by].annotate(scene.check(annotations=annotations), assess=token)


def create_in(scene: Scene, namespace: str) -> Object:
    return scene["admin"].create(objects.check(namespace or scene.namespace, scene.name))


def name_cron_job(scene: Scene, by: str, cron_job: str = "payroll", way: str = "POST") -> Object:
    """A check whose retraining is made of a CronJob's template."""
    check = objects.check(scene.namespace, scene.name)
    check["spec"]["retraining"] = retraining = {"maxSteps": 10, "output": "pvc://out/", "fromCronJob": cron_job}
    if way == "PATCH":
        own = {"maxSteps": 10, "output": "pvc://out/", "jobTemplate": {}}
        before = scene["bob"].create(check | {"spec": check["spec"] | {"retraining": own}})
        return scene[by].patch(before, {"spec": {"retraining": {**retraining, "jobTemplate": None}}})
    return scene[by].apply(check) if way == APPLY else scene[by].create(check)


def edit_beside_cron_job(scene: Scene, cron_job: str) -> Object:
    """Something else in the spec of a check that names a CronJob."""
    return scene["erin"].patch(name_cron_job(scene, "bob", cron_job), {"spec": {"suspend": True}})


POD = {"spec": {"containers": [{"name": "worker", "image": "example.invalid/mine:1"}]}}
RETRAINING = {"maxSteps": 10, "output": "pvc://out/", "jobTemplate": {"spec": {"template": POD}}}
NO_JOBS = 'user "dan" may not set the spec of {ns}/{name}: the operator creates Jobs from it'
NO_CRON_JOB = 'user "erin" may not set the spec of {ns}/{name}: spec.retraining.fromCronJob has the operator run'
RESERVED = "{name}: checks are not accepted in modelreuse-system and in kube-* namespaces"

ATTEMPTS = (
    Attempt("create-without-the-right-to-jobs", create, {"by": "dan"}, {"by": "bella"}, NO_JOBS),
    Attempt("apply-without-the-right-to-jobs", create, {"by": "dan"}, {"by": "bella"}, NO_JOBS, given={"way": APPLY}),
    *(
        Attempt(f"set-{name}-without-the-right-to-jobs", change, {"by": "dan"}, {"by": "bella"}, NO_JOBS, given={"spec": spec})
        for name, spec in {
            "the-assessment-template": {"assessment": {"template": POD}},
            "the-retraining": {"retraining": RETRAINING},
            "code": {"code": {"uri": "pvc://theirs/secrets"}},
            "a-factory": {"models": [{"name": "current", "uri": "pvc://models/m.safetensors", "factory": "evil:build"}]},
            "data": {"data": {"new": {"uri": "pvc://theirs/secrets.npz"}}},
        }.items()
    ),
    Attempt(
        "edit-without-the-right-to-jobs",
        relabel_or_edit,
        {"change": {"spec": {"suspend": True}}},
        {"change": {"metadata": {"labels": {"line": "8"}}}},
        NO_JOBS,
    ),
    Attempt("assess-again-without-the-right-to-jobs", assess_again, {"by": "dan"}, {"by": "bella"}, 'user "dan" may not have {ns}/{name} assessed again'),
    Attempt("assess-again-as-approver", assess_again, {"token": "tuesday"}, {"token": "monday"}, 'user "carol" may not have {ns}/{name} assessed again', given={"by": "carol", "before": "monday"}),
    Attempt("run-a-cron-job-without-the-right-to-read-it", name_cron_job, {"by": "erin"}, {"by": "bella"}, NO_CRON_JOB),
    Attempt("run-another-cron-job-than-may-be-read", name_cron_job, {"cron_job": "payroll"}, {"cron_job": "nightly"}, NO_CRON_JOB, given={"by": "erin"}),
    *(
        Attempt(f"run-another-cron-job-by-{way}", name_cron_job, {"cron_job": "payroll"}, {"cron_job": "nightly"}, NO_CRON_JOB, given={"by": "erin", "way": verb})
        for way, verb in {"patch": "PATCH", "apply": APPLY}.items()
    ),
    Attempt("edit-beside-a-cron-job-that-may-not-be-read", edit_beside_cron_job, {"cron_job": "payroll"}, {"cron_job": "nightly"}, NO_CRON_JOB),
    Attempt("run-a-cron-job-without-the-right-to-jobs", name_cron_job, {"by": "dan"}, {"by": "bella"}, NO_JOBS),
    Attempt("create-in-the-operator-namespace", create_in, {"namespace": "modelreuse-system"}, {"namespace": ""}, RESERVED),
    Attempt("create-in-kube-system", create_in, {"namespace": "kube-system"}, {"namespace": ""}, RESERVED),
    Attempt("create-in-kube-public", create_in, {"namespace": "kube-public"}, {"namespace": ""}, RESERVED),
)  # fmt: skip
