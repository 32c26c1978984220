"""What a template may bring: everything else is refused by its path, with what is accepted."""

from typing import Any

import pytest
from pydantic import ValidationError

from modelreuse.api import ModelReuseCheck
from modelreuse.api.templates import (
    CONTAINER_SECURITY_FIELDS,
    INIT_FIELDS,
    JOB_FIELDS,
    POD_FIELDS,
    POD_SECURITY_FIELDS,
    VOLUME_SOURCES,
    WORKER_FIELDS,
    InvalidTemplateError,
    check_job_template,
    check_pod_template,
)
from modelreuse.api.types import MAX_TEXT

Json = dict[str, Any]


def pod(**spec: Any) -> Json:
    return {"spec": spec}


def worker(**fields: Any) -> Json:
    return pod(containers=[{"name": "worker"} | fields])


def secured(**context: Any) -> Json:
    return worker(securityContext=context)


def mounted(path: str) -> Json:
    return worker(volumeMounts=[{"name": "x", "mountPath": path}])


def complaint(check: Any, template: Any) -> str:
    with pytest.raises(InvalidTemplateError) as caught:
        check(template)
    return str(caught.value)


# --- the assessment's pod --------------------------------------------------------------------------------------------

ACCEPTED = [
    {},
    {"metadata": {"labels": {"team": "vision"}, "annotations": {"a": "b"}}},
    pod(nodeSelector={"gpu": "a100"}, tolerations=[{"operator": "Exists"}], priorityClassName="low"),
    pod(restartPolicy="Never", automountServiceAccountToken=False, serviceAccountName="reader"),
    pod(securityContext={"runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 0, "runAsNonRoot": True}),
    pod(securityContext={"seccompProfile": {"type": "Localhost", "localhostProfile": "x.json"}}),
    pod(volumes=[{"name": "ca", "configMap": {"name": "ca"}}, {"name": "cache", "emptyDir": {}}]),
    pod(initContainers=[{"name": "fetch", "image": "fetch:1", "command": ["fetch"], "args": ["x"]}]),
    worker(image="mine:1", resources={"limits": {"nvidia.com/gpu": 1}}, envFrom=[{"secretRef": {"name": "s"}}]),
    worker(env=[{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]),
    secured(allowPrivilegeEscalation=False, privileged=False, capabilities={"drop": ["ALL"]}, runAsUser=1),
    *(mounted(path) for path in ("/data", "/tmp", "/etc/ssl/certs", "/dev/shm", "/mnt/other", "/mnt/modelreuse2")),
]


@pytest.mark.parametrize("template", ACCEPTED)
def test_what_a_platform_team_needs_is_accepted(template: Json) -> None:
    check_pod_template(template)


REFUSED = [
    # loosens what the pod may do
    (pod(hostPID=True), "spec.hostPID: is not accepted; accepted are affinity, "),
    (pod(hostNetwork=True), "spec.hostNetwork: is not accepted"),
    (pod(hostUsers=True), "spec.hostUsers: is not accepted"),
    (pod(shareProcessNamespace=True), "spec.shareProcessNamespace: is not accepted"),
    (pod(nodeName="n1"), "spec.nodeName: is not accepted"),
    (pod(automountServiceAccountToken=True), "spec.automountServiceAccountToken: True: only false is accepted"),
    (pod(securityContext={"runAsUser": 0}), "spec.securityContext.runAsUser: 0: nothing runs as root; give 1 or more"),
    (pod(securityContext={"runAsGroup": False}), "spec.securityContext.runAsGroup: False: nothing runs as root"),
    (pod(securityContext={"runAsNonRoot": False}), "spec.securityContext.runAsNonRoot: False: only true is accepted"),
    (pod(securityContext={"sysctls": []}), "spec.securityContext.sysctls: is not accepted; accepted are "),
    (
        pod(securityContext={"seccompProfile": {"type": "Unconfined"}}),
        "spec.securityContext.seccompProfile: {'type': 'Unconfined'}: its type must be RuntimeDefault or Localhost",
    ),
    (secured(privileged=True), "spec.containers[0].securityContext.privileged: True: only false is accepted"),
    (secured(readOnlyRootFilesystem=False), "securityContext.readOnlyRootFilesystem: False: only true is accepted"),
    (secured(allowPrivilegeEscalation=True), "securityContext.allowPrivilegeEscalation: True: only false is accepted"),
    (secured(capabilities={"add": ["SYS_PTRACE"]}), "only {'drop': ['ALL']} is accepted"),
    (secured(capabilities={"drop": ["KILL"]}), "only {'drop': ['ALL']} is accepted"),
    (secured(procMount="Unmasked"), "securityContext.procMount: Unmasked: only Default is accepted"),
    (secured(seccompProfile=None), "securityContext.seccompProfile: None: its type must be"),
    (secured(appArmorProfile={"type": "Unconfined"}), "securityContext.appArmorProfile"),
    (secured(runAsUser=0), "spec.containers[0].securityContext.runAsUser: 0"),
    (
        pod(initContainers=[{"name": "x", "securityContext": {"privileged": True}}]),
        "spec.initContainers[0].securityContext.privileged: True: only false is accepted",
    ),
    (pod(volumes=[{"name": "x", "hostPath": {"path": "/"}}]), "spec.volumes[0].hostPath: is not accepted"),
    # changes how it runs or answers
    (
        worker(env=[{"name": "JOB_COMPLETION_INDEX", "value": "0"}]),
        "spec.containers[0].env[0].name: JOB_COMPLETION_INDEX: the Job controller tells shards apart by it",
    ),
    (pod(restartPolicy="Always"), "spec.restartPolicy: Always: only Never is accepted"),
    (pod(activeDeadlineSeconds=1), "spec.activeDeadlineSeconds: is not accepted"),
    (pod(containers=[{"name": "worker"}, {"name": "side"}]), "spec.containers: only one called worker is accepted"),
    (pod(containers=[{"name": "main"}]), "spec.containers: only one called worker is accepted"),
    (pod(containers=[{"name": "worker"}] * 2), "spec.containers: only one called worker is accepted"),
    (pod(initContainers=[{"name": "worker"}]), "spec.initContainers[0].name: worker is the name of our container"),
    (pod(initContainers=[{"name": "x", "restartPolicy": "Always"}]), "initContainers[0].restartPolicy: is not"),
    *(
        (worker(**{field: "x"}), f"spec.containers[0].{field}: is not accepted; accepted are env, ")
        for field in ("command", "args", "workingDir", "lifecycle", "terminationMessagePath", "restartPolicy", "stdin")
    ),
    (
        worker(env=[{"name": "MODELREUSE_TASK", "valueFrom": {}}]),
        "spec.containers[0].env[0].name: MODELREUSE_TASK: names that begin with MODELREUSE_ are the operator's",
    ),
    (pod(initContainers=[{"name": "x", "env": [{"name": "MODELREUSE_X"}]}]), "spec.initContainers[0].env[0].name"),
    # replaces what runs
    *(
        (mounted(path), f"spec.containers[0].volumeMounts[0].mountPath: {path}: lies above, at or below")
        for path in (
            "/", "//usr", "/usr", "/opt/modelreuse/src", "/mnt", "/mnt/modelreuse", "/mnt/modelreuse/pvc/models",
            "/data/../usr", "usr/local", "/usr/", "/proc/1", "/dev", "/dev/termination-log",
        )
    ),
    (pod(volumes=[{"name": "modelreuse-claim-0", "emptyDir": {}}]), "spec.volumes[0].name: modelreuse-claim-0: names"),
    # takes our names
    (
        {"metadata": {"labels": {"modelreuse.io/check": "other"}}},
        "metadata.labels: modelreuse.io/check: names that begin with modelreuse.io/ are the operator's; use others",
    ),
    ({"metadata": {"annotations": {"modelreuse.io/task": "x"}}}, "metadata.annotations: modelreuse.io/task"),
    # is no template
    ({"metadata": {"name": "x"}}, "metadata.name: is not accepted; accepted are annotations, labels"),
    ({"metadata": {"labels": {"a": 1}}}, "metadata.labels: must be an object of strings"),
    ({"x": 1}, "x: is not accepted; accepted are metadata, spec"),
    ({"spec": None}, "spec: None: must be an object"),
    (pod(containers=None), "spec.containers: must be a list of objects"),
    (pod(containers=["x"]), "spec.containers: must be a list of objects"),
    (pod(initContainers=[{"image": "x"}]), "spec.initContainers[0].name: is missing"),
    (worker(securityContext="x"), "spec.containers[0].securityContext: x: must be an object"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "why"), REFUSED)
def test_what_a_pod_template_may_not_bring_is_refused_by_its_path(template: Json, why: str) -> None:
    assert why in complaint(check_pod_template, template)


def test_a_refusal_names_the_field_of_the_check() -> None:
    data = {"reference": {"uri": "pvc://d/r.npz"}, "new": {"uri": "pvc://d/n.npz"}}
    spec = {
        "models": [{"name": "m", "uri": "pvc://m/m.pt2"}],
        "data": data,
        "assessment": {"template": pod(hostPID=True)},
    }
    with pytest.raises(ValidationError) as caught:
        ModelReuseCheck.parse({"metadata": {"name": "x"}, "spec": spec})
    error = caught.value.errors()[0]
    assert error["loc"] == ("spec", "assessment", "template")
    assert error["msg"].startswith("Value error, spec.hostPID: is not accepted")


def test_a_refusal_is_one_readable_line_whatever_stands_in_the_template() -> None:
    said = complaint(check_pod_template, {"spec": {"evil\n\x1b[31m" + "x" * 500: 1}})
    assert said.isprintable()
    assert len(said) < MAX_TEXT


# --- the retraining's Job --------------------------------------------------------------------------------------------


def job(**spec: Any) -> Json:
    return {"spec": {"template": {"spec": {"containers": [{"name": "trainer"}]}}} | spec}


def trainer(**fields: Any) -> Json:
    return job(template={"spec": {"containers": [{"name": "trainer"} | fields]}})


@pytest.mark.parametrize(
    "template",
    [
        job(),
        {"metadata": {"labels": {"kueue.x-k8s.io/queue-name": "gpus"}}} | job(),
        job(suspend=True, backoffLimit=6, activeDeadlineSeconds=60),
        job(completions=1, parallelism=1, completionMode="NonIndexed"),
        trainer(env=[{"name": "MINE", "value": "1"}], securityContext={"privileged": True}),
        job(
            template={
                "spec": {
                    "containers": [{"name": "trainer"}, {"name": "side"}],
                    "initContainers": [{"name": "proxy", "restartPolicy": "Always"}],
                }
            }
        ),
    ],
)
def test_what_a_retraining_needs_is_accepted(template: Json) -> None:
    check_job_template(template)


@pytest.mark.parametrize(
    ("template", "why"),
    [
        *(
            (job(**{field: 1}), f"spec.{field}: is not accepted; accepted are activeDeadlineSeconds, backoffLimit, ")
            for field in (
                "managedBy", "selector", "manualSelector", "backoffLimitPerIndex", "maxFailedIndexes", "successPolicy",
                "podReplacementPolicy", "podFailurePolicy", "ttlSecondsAfterFinished", "newInKubernetes9",
            )
        ),
        (job(completionMode="Indexed"), "spec.completionMode: Indexed: one approval is one pod, so only NonIndexed"),
        (job(parallelism=4), "spec.parallelism: 4: one approval is one pod, so only 1 is accepted"),
        (job(completions=2), "spec.completions: 2: one approval is one pod, so only 1 is accepted"),
        (job(completions=True), "spec.completions: True"),
        (job(activeDeadlineSeconds=0), "spec.activeDeadlineSeconds: 0: give whole seconds, 1 or more"),
        (job(activeDeadlineSeconds="60"), "spec.activeDeadlineSeconds: 60: give whole seconds"),
        (job(activeDeadlineSeconds=True), "spec.activeDeadlineSeconds: True"),
        (job(suspend="yes"), "spec.suspend: yes: give true or false"),
        (
            trainer(env=[{"name": "MODELREUSE_PLAN", "valueFrom": {}}]),
            "spec.template.spec.containers[0].env[0].name: MODELREUSE_PLAN: names that begin with MODELREUSE_ are the",
        ),
        (
            job(
                template={
                    "spec": {
                        "containers": [{"name": "trainer"}, {"name": "side", "env": [{"name": "MODELREUSE_X"}]}],
                    }
                }
            ),
            "spec.template.spec.containers[1].env[0].name: MODELREUSE_X",
        ),
        (
            job(
                template={
                    "spec": {
                        "containers": [{"name": "trainer"}],
                        "initContainers": [{"name": "a", "env": [{"name": "MODELREUSE_X"}]}],
                    }
                }
            ),
            "spec.template.spec.initContainers[0].env[0].name: MODELREUSE_X",
        ),
        (trainer(restartPolicy="Always"), "containers[0].restartPolicy: is not accepted: an approval runs once"),
        (trainer(restartPolicyRules=[]), "containers[0].restartPolicyRules: is not accepted: an approval runs once"),
        (trainer(env={}), "spec.template.spec.containers[0].env: must be a list of objects"),
        ({"metadata": {"labels": {"modelreuse.io/role": "x"}}} | job(), "metadata.labels: modelreuse.io/role"),
        (
            job(template={"metadata": {"labels": {"modelreuse.io/a": "x"}}, "spec": {"containers": [{}]}}),
            "spec.template.metadata.labels: modelreuse.io/a: names that begin with modelreuse.io/",
        ),
        ({"x": 1} | job(), "x: is not accepted; accepted are metadata, spec"),
        (job(template={"x": 1, "spec": {"containers": [{}]}}), "spec.template.x: is not accepted"),
        ({}, "spec: is missing"),
        ({"spec": "x"}, "spec: is missing"),
        ({"spec": {}}, "spec.template.spec.containers: is missing"),
        (job(template={"spec": {"containers": {}}}), "spec.template.spec.containers: must be a list of objects"),
        (job(template={"spec": {"containers": ["x"]}}), "spec.template.spec.containers: must be a list of objects"),
        (job(template={"spec": {"containers": [{"name": "main"}]}}), "one must be called 'trainer'; found ['main']"),
        (job(template={"spec": {"containers": [{"name": "trainer"}] * 2}}), "one must be called 'trainer'"),
    ],
)  # fmt: skip
def test_what_a_job_template_may_not_bring_is_refused_by_its_path(template: Json, why: str) -> None:
    assert why in complaint(check_job_template, template)


# --- the lists -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "never"),
    [
        (POD_FIELDS, {"hostNetwork", "hostPID", "hostIPC", "hostUsers", "nodeName", "ephemeralContainers"}),
        (WORKER_FIELDS, {"command", "args", "lifecycle", "livenessProbe", "workingDir", "volumeDevices"}),
        (INIT_FIELDS, {"lifecycle", "restartPolicy", "restartPolicyRules"}),
        (CONTAINER_SECURITY_FIELDS, {"windowsOptions"}),
        (POD_SECURITY_FIELDS, {"sysctls", "windowsOptions"}),
        (VOLUME_SOURCES, {"hostPath", "nfs", "iscsi", "flexVolume"}),
        (JOB_FIELDS, {"managedBy", "selector", "ttlSecondsAfterFinished", "podFailurePolicy"}),
    ],
)
def test_what_stays_out_of_the_lists(accepted: frozenset[str], never: set[str]) -> None:
    assert not accepted & never


@pytest.mark.parametrize("where", ["metadata", "spec.template.metadata"])
@pytest.mark.parametrize("field", ["namespace", "name", "generateName", "ownerReferences", "finalizers"])
def test_a_job_template_names_no_other_namespace_and_no_name_of_its_own(where: str, field: str) -> None:
    metadata = {field: "kube-system"}
    pod = {"spec": {"containers": [{"name": "trainer"}]}}
    template = {"spec": {"template": pod | ({"metadata": metadata} if where != "metadata" else {})}}
    with pytest.raises(InvalidTemplateError, match=rf"{where}\.{field}: is not accepted"):
        check_job_template(template | ({"metadata": metadata} if where == "metadata" else {}))
    with pytest.raises(InvalidTemplateError, match=rf"metadata\.{field}: is not accepted"):
        check_pod_template({"metadata": metadata})
