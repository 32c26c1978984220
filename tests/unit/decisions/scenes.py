"""Scenes: what a look at one check finds, at every station of the flow. Values, built by hand; no cluster, no clock.

A scene is immutable. `scene.plan()` asks the rules; `scene.then(plan)` is the scene after the status of that plan was
stored, by way of the wire, as an API server would have it. What happens in the world is said by `with_...`.
"""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from modelreuse.api import (
    Condition,
    CostProfile,
    Failure,
    ModelReuseCheck,
    Outcome,
    RetrainingRecord,
    RetrainPolicy,
    RetrainPolicyStatus,
)
from modelreuse.api.names import (
    APPROVE,
    APPROVED_BY,
    APPROVED_BY_GROUPS,
    PLAN_ENV,
    REQUESTED_BY,
    SPEC_CHANGED_BY,
    TASK_ANNOTATION,
    TASK_ENV,
)
from modelreuse.decisions import (
    Ledger,
    Observed,
    ObservedJob,
    ObservedPod,
    ObservedService,
    OwnedJob,
    Plan,
    Prepared,
    Refusal,
    Rights,
    Settings,
    governing,
    jobs_to_read,
    plan,
)
from modelreuse.manifests import JobTemplate

Json = dict[str, Any]

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
NAMESPACE = "line7"
UID = "6d9f3a7e-0000-4000-8000-000000000001"
NONCE = "5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e"
IMAGE = "registry.example/worker@sha256:" + "a" * 64
TRAINER = "registry.example/trainer@sha256:" + "b" * 64
TRAINS = {"name": "trainer", "image": TRAINER, "resources": {"limits": {"cpu": 1}}}
RIGHTS = Rights(
    requester_may_create_jobs=True,
    editor_may_create_jobs=True,
    approver_may_approve=True,
    requester_may_read_the_template=True,
    editor_may_read_the_template=True,
)
OUTPUT = "pvc://candidates/digits"


def sha(letter: str) -> str:
    """A hash that a reader can tell from another."""
    return "sha256:" + letter * 64


def spec(**changes: Any) -> Json:
    """A check that can be retrained and verified. Keys given as None are left out."""
    full = {
        "models": [{"name": "current", "uri": "pvc://models/current.pt2"}],
        "data": {
            "labels": "digit",
            "reference": {"uri": "pvc://data/reference.npz"},
            "new": {"uri": "pvc://data/line7.npz"},
            "evaluation": {"uri": "pvc://data/heldout.npz"},
        },
        "objective": {"target": {"relative": "0.9"}},
        "retraining": {
            "actions": ["FineTune", "Retrain"],
            "maxSteps": 1000,
            "output": OUTPUT,
            "jobTemplate": {"spec": {"template": {"spec": {"containers": [TRAINS]}}}},
        },
    }
    return {key: value for key, value in (full | changes).items() if value is not None}


def policy(name: str = "production", **changes: Any) -> RetrainPolicy:
    """A policy for every namespace, under which three lost points are too many."""
    rules = {"costProfile": "hall-2", "reuse": {"maxQualityLoss": "0.03"}, "approval": {"validFor": "24h"}} | changes
    return RetrainPolicy.parse({"metadata": {"name": name, "resourceVersion": "1"}, "spec": rules})


def profile(name: str = "hall-2", **changes: Any) -> CostProfile:
    """A site with one kind of CPU."""
    site = {
        "cpus": [
            {"name": "any", "powerWatts": "10", "source": "assumed", "embodiedKgCo2e": "0", "pricePerHour": "0.04"}
        ],
        "grid": {"zone": "DE", "locationGramsPerKwh": "380", "source": "a table", "year": 2023},
        "prices": {"currency": "EUR", "perKwh": "0.25"},
        "pue": "1.4",
    } | changes
    return CostProfile.parse({"metadata": {"name": name}, "spec": site})


def summary(task: str, /, **changes: Any) -> Json:
    """What an assessment's pod answers: the model lost thirty points."""
    answer = {
        "task": task,
        "hashes": {"model": sha("1"), "reference": sha("2"), "new": sha("3"), "evaluation": sha("4")},
        "samples": 500,
        "classes": 10,
        "labelled": 500,
        "evidence": "L2",
        "scores": [
            score("initial_accuracy_reference", "0.95"),
            score("initial_accuracy_new", "0.65"),
            score("resque_dist", "0.4"),
        ],
        "layers": ["fc2"],
        "trainableShare": "0.02",
        "measured": measured(),
    } | changes
    return {key: value for key, value in answer.items() if value is not None}


def score(name: str, value: str) -> Json:
    return {"name": name, "value": value, "labels": "Given"}


def measured(**changes: Any) -> Json:
    """A pass on one CPU core with a timing probe."""
    seen = {
        "device": "cpu",
        "samples": 1000,
        "seconds": "2",
        "cpuSeconds": "2",
        "energyWh": "0.005",
        "energyBasis": "Assumed",
        "stepSeconds": "0.05",
        "stepBatchSize": 64,
        "headStepSeconds": "0.02",
        "startupSeconds": "3",
    } | changes
    return {key: value for key, value in seen.items() if value is not None}


def result(digest: str, /, **changes: Any) -> Json:
    """What a trainer answers."""
    return {
        "digest": digest,
        "steps": 400,
        "samples": 25600,
        "seconds": "20",
        "targetReached": True,
        "artifactUri": f"{OUTPUT}/new.pt2",
        "artifactSha256": sha("5"),
    } | changes


def asking_for_a_pilot(steps: int = 25, **changes: Any) -> Json:
    """The same check, which wants to see some real steps first."""
    full = spec(**changes)
    return full | {"retraining": full["retraining"] | {"pilot": {"steps": steps}}}


def pilot_result(digest: str, /, **changes: Any) -> Json:
    """What a trainer answers after a pilot: from 65 to 80 per cent in 25 steps."""
    seen = [{"step": 10, "quality": "0.72"}, {"step": 25, "quality": "0.8"}]
    answer = {"steps": 25, "samples": 1600, "seconds": "1.5", "targetReached": False, "evaluations": seen}
    return result(digest, **answer) | {"artifactUri": f"{OUTPUT}/pilot.pt2"} | changes


def verified(task: str, /, **changes: Any) -> Json:
    """What a verification's pod answers: from 65 to 93 per cent."""
    answer = {
        "task": task,
        "samples": 200,
        "oldQuality": "0.65",
        "newQuality": "0.93",
        "evaluationSha256": sha("4"),
        "artifactSha256": sha("5"),
    } | changes
    return {key: value for key, value in answer.items() if value is not None}


def pod(message: str | None, **changes: Any) -> ObservedPod:
    """A pod that ran for a minute and left a message."""
    seen = {
        "name": "pod",
        "node": "node-1",
        "started_at": NOW - timedelta(minutes=1),
        "finished_at": NOW,
        "image_id": IMAGE,
    } | changes
    return ObservedPod(message=message, **seen)


def compared(task: str, **error: str) -> dict[str, Any]:
    """What our container in a retraining's pod leaves; nothing in another pod."""
    if not task.startswith("sha256:"):
        return {}
    said = {"task": task} | ({"error": error} if error else {})
    return {"inputs_message": json.dumps(said), "inputs_image_id": IMAGE}


class StaleLedgerError(Exception):
    """A policy was changed since it was read."""


@dataclass(frozen=True)
class Scene:
    """One check and its surroundings."""

    spec: Json = field(default_factory=spec)
    status: Json = field(default_factory=dict)
    annotations: Mapping[str, str] = field(
        default_factory=lambda: {REQUESTED_BY: "erika", SPEC_CHANGED_BY: "erika"},
    )
    jobs: Mapping[str, ObservedJob] = field(default_factory=dict)
    policies: tuple[RetrainPolicy, ...] = field(default_factory=lambda: (policy(),))
    profiles: tuple[CostProfile, ...] = field(default_factory=lambda: (profile(),))
    records: tuple[RetrainingRecord, ...] = ()
    node_labels: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: {"node-1": {}})
    namespace_labels: Mapping[str, str] = field(default_factory=dict)
    rights: Rights | None = RIGHTS
    gate: Failure | None = None
    gate_state: str = "as installed"
    cron_job: Json | Failure | None = None
    """The jobTemplate of the CronJob that the spec names, or why there is none."""
    runtime: Json | Failure | None = None
    """The spec of the training runtime that the spec's TrainJob names, or why there is none."""
    prepared: Prepared | None = None
    config_maps: Mapping[str, str] | Failure = field(default_factory=dict)
    refusals: Mapping[str, Refusal] = field(default_factory=dict)
    nonce: str = NONCE
    uid: str = UID
    name: str = "digits"
    image: str = IMAGE
    gpus: int = 0
    """That every pod holds."""
    now: datetime = NOW
    generation: int = 1
    deleted: bool = False

    @property
    def check(self) -> ModelReuseCheck:
        deletion = {"deletionTimestamp": "2026-05-04T11:00:00Z"} if self.deleted else {}
        metadata = {
            "name": self.name,
            "namespace": NAMESPACE,
            "uid": self.uid,
            "generation": self.generation,
            "annotations": dict(self.annotations),
        }
        return ModelReuseCheck.parse({"metadata": metadata | deletion, "spec": self.spec, "status": self.status})

    @property
    def observed(self) -> Observed:
        """What is read, and not more than that."""
        check = self.check
        profiles = {profile.metadata.name: profile for profile in self.profiles}
        wanted = jobs_to_read(check.status, governing(self.policies, profiles, self.namespace_labels))
        read = {each.name for each in wanted}
        return Observed(
            check=check,
            spec=self.spec,
            namespace_labels=self.namespace_labels,
            settings=Settings(worker_image=self.image),
            nonce=self.nonce,
            jobs={name: job for name, job in self.jobs.items() if name in read},
            owned=tuple(_owned(job) for job in self.jobs.values() if job.owner_uid == self.uid),
            policies=self.policies,
            profiles=profiles,
            records=self.records,
            node_labels=self.node_labels,
            rights=self.rights,
            gate=self.gate,
            gate_state=self.gate_state,
            template=self.template,
            prepared=self.prepared,
            config_maps=self.config_maps,
            refusals=self.refusals,
        )

    @property
    def template(self) -> JobTemplate | Failure | None:
        """What a retraining is made of."""
        given = self.spec.get("retraining", {}).get("jobTemplate")
        if given is not None:
            return JobTemplate("spec.retraining.jobTemplate", given)
        train_job = self.spec.get("retraining", {}).get("objectTemplate")
        if train_job is not None and isinstance(self.runtime, dict):
            runtime = JobTemplate("ClusterTrainingRuntime torch: spec", self.runtime, "ClusterTrainingRuntime")
            return JobTemplate("spec.retraining.objectTemplate", train_job, "TrainJob", refers_to=runtime)
        if train_job is not None and isinstance(self.runtime, Failure):
            return self.runtime
        if isinstance(self.cron_job, dict):
            return JobTemplate("CronJob nightly: spec.jobTemplate", self.cron_job)
        return self.cron_job

    def plan(self) -> Plan:
        return plan(self.observed, self.now)

    def but(self, **changes: Any) -> "Scene":
        """The same scene, except for what is given."""
        return replace(self, **changes)

    def later(self, **time: float) -> "Scene":
        return self.but(now=self.now + timedelta(**time))

    def annotated(self, **annotations: str) -> "Scene":
        """With annotations of our group; underscores stand for dashes."""
        ours = {f"modelreuse.io/{name.replace('_', '-')}": value for name, value in annotations.items()}
        return self.but(annotations={**self.annotations, **ours})

    def without_annotation(self, name: str) -> "Scene":
        return self.but(annotations={key: value for key, value in self.annotations.items() if key != name})

    def edited(self, **changes: Any) -> "Scene":
        """After a change of the spec by its author."""
        kept = {key: value for key, value in (self.spec | changes).items() if value is not None}
        return self.but(spec=kept, generation=self.generation + 1)

    def then(self, todo: Plan | None = None) -> "Scene":
        """After the plan was carried out: status stored by way of the wire, objects created, outcome recorded."""
        todo = self.plan() if todo is None else todo
        after = self.but(status=json.loads(json.dumps(todo.status.to_wire())))
        for ledger in todo.ledgers:
            after = after.with_ledger(ledger)
        for obj in todo.create:
            after = after.with_object(obj)
        for job in todo.delete:
            after = after.without_job(job.name)
        for deadline in todo.deadlines:
            after = after.with_job(deadline.job, deadline_seconds=deadline.seconds)
        if todo.outcome is not None:
            after = after.with_outcome(todo.outcome.record, todo.outcome.outcome)
        return after

    def with_object(self, obj: Mapping[str, Any]) -> "Scene":
        """After a POST: an object that exists already stays."""
        name = obj["metadata"]["name"]
        if obj["kind"] == "RetrainingRecord":
            if any(record.metadata.name == name for record in self.records):
                return self
            record = RetrainingRecord.parse(json.loads(json.dumps(obj)))
            return self.but(records=(*self.records, record))
        if obj["kind"] == "TrainingRuntime":
            metadata, spec = obj["metadata"], json.loads(json.dumps(obj["spec"]))
            owner, task = metadata["ownerReferences"][0]["uid"], metadata["annotations"][TASK_ANNOTATION]
            made = Prepared(owner, task, spec, since=self.now)
            return self if self.prepared is not None else self.but(prepared=made)
        if obj["kind"] == "Service":
            return self.with_service(name, obj)
        if name in self.jobs:
            return self
        job = ObservedJob(
            name=name,
            uid=f"uid-of-{name}",
            owner_uid=obj["metadata"]["ownerReferences"][0]["uid"],
            task=obj["metadata"]["annotations"][TASK_ANNOTATION],
            deadline_seconds=obj["spec"]["activeDeadlineSeconds"],
            kind=obj["kind"],
            shards=obj["spec"].get("completions", 1),
        )
        return self.but(jobs={**self.jobs, name: job})

    def with_service(self, name: str, obj: Mapping[str, Any]) -> "Scene":
        """After a POST of a Service: one that stands beside the Job already stays."""
        if self.jobs[name].service is not None:
            return self
        (owner,) = obj["metadata"]["ownerReferences"]
        return self.with_job(name, service=ObservedService(owner["uid"], obj["spec"]["selector"]))

    def with_ledger(self, ledger: Ledger) -> "Scene":
        """After a guarded write of a policy's status; StaleLedgerError when somebody was faster."""
        found = next(each for each in self.policies if each.metadata.name == ledger.policy)
        if found.metadata.resource_version != ledger.resource_version:
            raise StaleLedgerError(ledger.policy)
        stored = RetrainPolicyStatus.model_validate(json.loads(json.dumps(ledger.status.to_wire())))
        version = str(int(ledger.resource_version) + 1)
        metadata = found.metadata.model_copy(update={"resource_version": version})
        written = found.model_copy(update={"status": stored, "metadata": metadata})
        return self.but(policies=tuple(written if each is found else each for each in self.policies))

    def with_outcome(self, name: str, outcome: Outcome) -> "Scene":
        records = tuple(
            record.model_copy(update={"outcome": outcome}) if record.metadata.name == name else record
            for record in self.records
        )
        return self.but(records=records)

    def with_job(self, name: str, **changes: Any) -> "Scene":
        """With another state of a Job."""
        return self.but(jobs={**self.jobs, name: replace(self.jobs[name], **changes)})

    def answered(self, name: str, message: object, **pod_changes: Any) -> "Scene":
        """A Job succeeded, and its pod left this message: JSON of an object, or text as it stands."""
        text = message if isinstance(message, str) or message is None else json.dumps(message)
        pod_changes = compared(self.jobs[name].task or "") | {"gpus": self.gpus} | pod_changes
        return self.with_job(name, finished_at=self.now, succeeded=True, pods=(pod(text, **pod_changes),))

    def failed(self, name: str, reason: str = "BackoffLimitExceeded", message: object = None) -> "Scene":
        """A Job failed; its pod may have left a message."""
        text = message if isinstance(message, str) or message is None else json.dumps(message)
        failure = Failure(reason=reason, message="Job has reached the specified backoff limit")
        return self.with_job(
            name, finished_at=self.now, failure=failure, pods=(pod(text, **compared(self.jobs[name].task or "")),)
        )

    def without_job(self, name: str) -> "Scene":
        return self.but(jobs={key: job for key, job in self.jobs.items() if key != name})

    def refused(self, *names: str, reason: str = "Forbidden", message: str = "exceeded quota: small") -> "Scene":
        """The API server has refused to create these objects, just now."""
        said = Refusal(Failure(reason=reason, message=message), self.now)
        return self.but(refusals={**self.refusals, **dict.fromkeys(names, said)})

    def settled(self) -> "Scene":
        """After as many looks as it takes until nothing changes."""
        scene = self
        for _ in range(12):
            after = scene.then()
            if after == scene:
                return scene
            scene = after
        raise AssertionError("looking again and again never settles")

    # --- where things stand -----------------------------------------------------------------------------------------

    @property
    def assessment(self) -> Json:
        """Of the first candidate, in status."""
        return self.status["assessments"][0]

    @property
    def digest(self) -> str:
        """What is on offer."""
        return self.status["approval"]["digest"]

    @property
    def training(self) -> str:
        """Name of the retraining's Job."""
        return self.status["retraining"]["job"]["name"]

    @property
    def verification(self) -> str:
        """Name of the verification's Job."""
        return self.status["verification"]["job"]["name"]

    def condition(self, kind: str) -> Json:
        return next(each for each in self.status["conditions"] if each["type"] == kind)

    @property
    def kinds(self) -> set[str]:
        """The condition types that are there."""
        return {each["type"] for each in self.status["conditions"]}


def _owned(job: ObservedJob) -> OwnedJob:
    task = job.task or ""
    role = {"assess": "assessment", "verify": "verification"}.get(task.partition("/")[0], "retraining")
    return OwnedJob(job.name, job.uid, role, task, job.kind)


def condition(todo: Plan, kind: str) -> Condition:
    return next(each for each in todo.status.conditions if each.type == kind)


def has_condition(todo: Plan, kind: str) -> bool:
    return any(each.type == kind for each in todo.status.conditions)


def created(todo: Plan) -> list[str]:
    """Roles and kinds of what a plan creates."""
    return [obj["metadata"].get("labels", {}).get("modelreuse.io/role", obj["kind"]) for obj in todo.create]


def environment(job: Mapping[str, Any], container: str) -> dict[str, str]:
    containers = job["spec"]["template"]["spec"]["containers"]
    found = next(each for each in containers if each["name"] == container)
    return {each["name"]: each.get("value", "") for each in found["env"]}


def task_of(job: Mapping[str, Any]) -> Json:
    return json.loads(environment(job, "worker")[TASK_ENV])


def plan_of(job: Mapping[str, Any]) -> Json:
    return json.loads(environment(job, "trainer")[PLAN_ENV])


# --- stations of the flow -------------------------------------------------------------------------------------------


def assessing(**changes: Any) -> Scene:
    """The assessment Jobs are there and run."""
    return Scene(**changes).then().then()


def assessed(answer: Mapping[str, Any] | None = None, **changes: Any) -> Scene:
    """Every candidate has answered alike, and the plan that follows is stored."""
    scene = assessing(**changes)
    for entry in scene.status["assessments"]:
        task = scene.jobs[entry["job"]["name"]].task or ""
        scene = scene.answered(entry["job"]["name"], summary(task, **(answer or {})))
    return scene.then()


@functools.cache
def offered() -> Scene:
    """A retraining is on offer and waits for a human."""
    return assessed()


def approve(scene: Scene, digest: str | None = None, by: str = "petra") -> Scene:
    """A human approves, by the annotation and with the stamps of admission."""
    given = {APPROVE: digest or scene.digest, APPROVED_BY: by, APPROVED_BY_GROUPS: "leads"}
    return scene.but(annotations={**scene.annotations, **given})


@functools.cache
def approved() -> Scene:
    """Petra has approved; nobody has looked since."""
    return approve(offered())


@functools.cache
def intended() -> Scene:
    """The intent is in status."""
    return approved().then()


@functools.cache
def recorded() -> Scene:
    """The record stands too."""
    return intended().then()


@functools.cache
def launched() -> Scene:
    """The retraining's Job is created, and its UID in status."""
    return recorded().then().then()


@functools.cache
def retrained() -> Scene:
    """The trainer has answered; the verification's Job is created, and its UID in status."""
    scene = launched()
    return scene.answered(scene.training, result(scene.digest)).then().then()


@functools.cache
def completed() -> Scene:
    """The verification has answered, and the outcome is recorded."""
    scene = retrained()
    task = scene.jobs[scene.verification].task or ""
    return scene.answered(scene.verification, verified(task)).then()


@functools.cache
def pilot_offered() -> Scene:
    """A pilot is on offer and waits for a human."""
    return assessed(spec=asking_for_a_pilot())


@functools.cache
def pilot_intended() -> Scene:
    """Petra has approved the pilot, and the intent is in status."""
    return approve(pilot_offered()).then()


@functools.cache
def pilot_recorded() -> Scene:
    """The record stands too."""
    return pilot_intended().then()


@functools.cache
def pilot_launched() -> Scene:
    """The pilot's Job is created, and its UID in status."""
    return pilot_recorded().then().then()


@functools.cache
def pilot_answered() -> Scene:
    """The trainer has answered; nobody has looked since."""
    scene = pilot_launched().later(hours=2)
    return scene.answered(scene.training, pilot_result(scene.digest))


@functools.cache
def pilot_ended() -> Scene:
    """The pilot is recorded, and the retraining that it was for is on offer."""
    return pilot_answered().settled()
