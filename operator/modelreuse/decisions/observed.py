"""What the rules see, and what they answer: values without behaviour of their own.

`Observed` is everything about one check that the shell read from the API server; `Plan` is everything that the shell
shall do. Neither knows how reading and writing work.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from modelreuse.api import (
    CostProfile,
    Failure,
    ModelReuseCheck,
    ModelReuseCheckStatus,
    Outcome,
    RetrainingRecord,
    RetrainPolicy,
    RetrainPolicyStatus,
)
from modelreuse.manifests import JOB, JobTemplate


@dataclass(frozen=True)
class ObservedPod:
    """A pod of one of our Jobs, as far as rules care."""

    name: str
    node: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    message: str | None = None
    """Termination message of the container that answers for its kind; untrusted."""
    image_id: str | None = None
    """What the node says that container ran."""
    inputs_message: str | None = None
    """Termination message of the container that compares inputs, in a retraining's pod."""
    inputs_image_id: str | None = None
    """What the node says that container ran."""
    index: int = 0
    """Which of the pods that share a Job this is."""
    waiting: Failure | None = None
    """Why the pod can't start, as the scheduler or the node says."""
    cpu_cores: float = 1.0
    """CPU limit (or request, or 1) over all containers."""
    gpus: int = 0


@dataclass(frozen=True)
class ObservedService:
    """A Service that stands under the name of one of our Jobs."""

    owner_uid: str | None
    """UID of the controlling ownerReference."""
    selector: Mapping[str, str]


@dataclass(frozen=True)
class ObservedJob:
    """A Job, or what runs a retraining instead of one, that stands under one of our names."""

    name: str
    uid: str
    owner_uid: str | None
    """UID of the controlling ownerReference."""
    task: str | None
    """Value of the annotation `modelreuse.io/task`."""
    finished_at: datetime | None = None
    succeeded: bool = False
    failure: Failure | None = None
    """Reason and message of the Job's condition `Failed`."""
    deadline_seconds: int | None = None
    """How long it may run each time that it is begun or resumed."""
    suspended: bool = False
    queue: str | None = None
    """Of Kueue, that holds it while it is suspended."""
    shards: int = 1
    """How many pods share its work."""
    service: ObservedService | None = None
    """What stands under the Job's name, where several pods share it."""
    pods: tuple[ObservedPod, ...] = ()
    kind: str = JOB.name


@dataclass(frozen=True)
class Prepared:
    """What stands under the name of what must stand before a retraining is launched."""

    owner_uid: str | None
    """UID of the controlling ownerReference."""
    task: str | None
    """Value of the annotation `modelreuse.io/task`."""
    spec: Mapping[str, Any]
    since: datetime
    """By the API server's clock."""


@dataclass(frozen=True)
class OwnedJob:
    """A Job, or what runs a retraining instead, that this check owns, by what it is known by when it is deleted.

    Another one of its name stays.
    """

    name: str
    uid: str
    role: str
    """Value of the label `modelreuse.io/role`."""
    task: str
    """Value of the annotation `modelreuse.io/task`."""
    kind: str = JOB.name
    pods: str = field(default="", compare=False)
    """The label selector by which its pods are found."""


@dataclass(frozen=True)
class Deadline:
    """How long a Job of ours may run from now on, each time that it is resumed."""

    job: str
    uid: str
    seconds: int


@dataclass(frozen=True)
class Refusal:
    """The API server's definite no (4xx) to the last attempt to create an object."""

    failure: Failure
    at: datetime


@dataclass(frozen=True)
class Rights:
    """What the API server answers when asked again, just before a launch (SubjectAccessReview)."""

    requester_may_create_jobs: bool
    """And, where the retraining is of another kind, also that."""
    editor_may_create_jobs: bool
    approver_may_approve: bool
    requester_may_read_the_template: bool
    """Of the CronJob that the check names; True where it names none."""
    editor_may_read_the_template: bool
    """The same of who was the last to change the spec."""


@dataclass(frozen=True)
class Settings:
    """What the operator was started with."""

    worker_image: str


@dataclass(frozen=True)
class Observed:
    """One check and all that a decision about it rests on."""

    check: ModelReuseCheck
    spec: Mapping[str, Any]
    """The spec as the API server serves it; digests are made of this, not of our reading of it."""
    namespace_labels: Mapping[str, str]
    settings: Settings
    nonce: str
    """Fresh randomness, for the case that a new assessment begins."""
    jobs: Mapping[str, ObservedJob] = field(default_factory=dict)
    """By name: read from the API server after the status was, for every name that `jobs_to_read` gives."""
    owned: tuple[OwnedJob, ...] = ()
    """All Jobs of this check, as far as the watches told: one that is listed may be gone, and the other way round."""
    policies: tuple[RetrainPolicy, ...] = ()
    profiles: Mapping[str, CostProfile] = field(default_factory=dict)
    records: tuple[RetrainingRecord, ...] = ()
    node_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Labels of the nodes that the pods ran on, by node name."""
    rights: Rights | None = None
    """Present when the check carries an approval that is not consumed yet."""
    gate: Failure | None = None
    """Why the admission policies can't be relied upon; None when they stand as shipped."""
    template: JobTemplate | Failure | None = None
    """What a retraining would be made of, or why that is unknown; None where nobody asks (any more)."""
    prepared: Prepared | None = None
    """What stands where the intended retraining needs something to stand before it is launched."""
    config_maps: Mapping[str, str] | Failure = field(default_factory=dict)
    """Hashes of what the ConfigMaps hold that the retraining's template names, by name; a missing one isn't here."""
    gate_state: str = ""
    """Another one after every change of an admission policy, also of one that was undone."""
    refusals: Mapping[str, Refusal] = field(default_factory=dict)
    """By object name: known until the object appears or isn't asked for any more."""


@dataclass(frozen=True)
class Event:
    """A Kubernetes event on the check."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str


@dataclass(frozen=True)
class RecordOutcome:
    """The outcome to write, once, into a record."""

    record: str
    outcome: Outcome


@dataclass(frozen=True)
class Ledger:
    """The status of a policy to store, if nobody has changed the policy since it was read."""

    policy: str
    resource_version: str
    status: RetrainPolicyStatus

    @classmethod
    def of(cls, policy: RetrainPolicy, status: RetrainPolicyStatus) -> "Ledger":
        """The new status of a policy that was read."""
        return cls(policy.metadata.name, policy.metadata.resource_version, status)


@dataclass(frozen=True)
class Plan:
    """What to do, in this order: store the status (guarded by resourceVersion), then the ledgers, create, delete, set
    deadlines, record, tell. Where anything that is guarded has changed meanwhile, nothing after it is done.
    """

    status: ModelReuseCheckStatus
    ledgers: tuple[Ledger, ...] = ()
    create: tuple[Mapping[str, Any], ...] = ()
    """Objects to POST once the status is stored. An object that exists already is left as it is."""
    delete: tuple[OwnedJob, ...] = ()
    """Jobs to delete with their pods, each under its UID only."""
    deadlines: tuple[Deadline, ...] = ()
    """To set, each on the Job with its UID only."""
    outcome: RecordOutcome | None = None
    events: tuple[Event, ...] = ()
    wake_at: datetime | None = None
    """When time alone changes the answer."""
