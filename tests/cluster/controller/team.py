"""A team in a namespace of its own, with checks, people and a node that answers as their pods would.

At this level of the cluster no pod runs. The Job controller is real: it makes pods and says how Jobs ended. The node
is played: it binds a pod to itself and writes the termination message that a worker or a trainer would have left.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count

from cluster.person import Object, Person
from cluster.waiting import until
from modelreuse.api.names import CHECK_LABEL, COMPLETION_INDEX_LABEL, PLAN_ENV, ROLE_LABEL, TASK_ENV
from unit.decisions import scenes

OURS = "modelreuse.io/v1alpha1"
NODE = "n1"
_numbers = count(1)


@dataclass(frozen=True)
class Team:
    """Who is there, and what they do."""

    namespace: str
    people: Mapping[str, Person]

    def __getitem__(self, name: str) -> Person:
        return self.people[name]

    def obj(self, kind: str, name: str = "", version: str = OURS) -> Object:
        """A reference by which an object of the team's namespace can be got, or its kind listed."""
        return {"apiVersion": version, "kind": kind, "metadata": {"namespace": self.namespace, "name": name}}

    def check(self, name: str = "") -> Object:
        """A check that can be retrained and verified, by default under a name that no other has."""
        check = self.obj("ModelReuseCheck", name or f"line-{next(_numbers)}")
        return self["bob"].create({**check, "spec": scenes.spec()})

    def govern(self, **more: object) -> None:
        """The platform team gives this namespace a policy, with these rules beside the usual ones."""
        metadata = {"name": self.namespace}
        selector = {"matchLabels": {"kubernetes.io/metadata.name": self.namespace}}
        rules = scenes.policy(costProfile=self.namespace, namespaceSelector=selector, **more).spec.to_wire()
        site = scenes.profile().spec.to_wire()
        self["admin"].create({"apiVersion": OURS, "kind": "CostProfile", "metadata": metadata, "spec": site})
        self["admin"].create({"apiVersion": OURS, "kind": "RetrainPolicy", "metadata": metadata, "spec": rules})

    def ledger(self) -> Object:
        """What the budget of the team's policy holds."""
        policy = {"apiVersion": OURS, "kind": "RetrainPolicy", "metadata": {"name": self.namespace}}
        status: Object = self["admin"].get(policy).get("status", {})
        return status

    def now(self, check: Object) -> Object:
        """The check as it is stored now."""
        return self["bob"].get(check)

    def condition(self, check: Object, kind: str) -> Object:
        """One of its conditions; empty when it has none of this type."""
        conditions = self.now(check).get("status", {}).get("conditions", [])
        return next((each for each in conditions if each["type"] == kind), {})

    def until(self, check: Object, kind: str, status: str, reason: str) -> Object:
        """Wait until a condition says so."""

        def said() -> Object | None:
            found = self.condition(check, kind)
            return found if (found.get("status"), found.get("reason")) == (status, reason) else None

        return until(said, f"{kind} is {status} because of {reason}, but {self.condition(check, kind)}")

    def jobs(self, check: Object) -> list[Object]:
        """All Jobs of a check."""
        listed = self.obj("Job", version="batch/v1")
        found = self["admin"].list(listed, labelSelector=f"{CHECK_LABEL}={check['metadata']['name']}")
        return [{"apiVersion": "batch/v1", "kind": "Job", **job} for job in found]

    def roles(self, check: Object) -> list[str]:
        """What the Jobs of a check are for."""
        return sorted(job["metadata"]["labels"][ROLE_LABEL] for job in self.jobs(check))

    def job(self, check: Object, role: str) -> Object:
        """The check's Job with this role, once it is there."""

        def found() -> Object | None:
            return next((job for job in self.jobs(check) if job["metadata"]["labels"][ROLE_LABEL] == role), None)

        return until(found, f"there is a Job for {role}")

    def answer(self, job: Object, message: Callable[[Object], Object]) -> None:
        """The node runs the Job's pod; `message` makes the termination message from the task or plan."""
        self.end(self.pod(job), message)

    def end(self, pod: Object, message: Callable[[Object], Object], *, exit_code: int = 0) -> None:
        """The node runs this pod to its end."""
        name = pod["spec"]["containers"][0]["name"]
        said = json.dumps(message(_task_of(pod)))
        begun, ended = "2026-01-02T03:04:00Z", "2026-01-02T03:05:00Z"
        phase, reason = ("Failed", "Error") if exit_code else ("Succeeded", "Completed")
        state = {"exitCode": exit_code, "reason": reason, "message": said, "startedAt": begun, "finishedAt": ended}
        container = {"name": name, "image": "i", "imageID": "sha256:i", "ready": False, "restartCount": 0}
        status = {"phase": phase, "containerStatuses": [{**container, "state": {"terminated": state}}]}
        if "initContainers" in pod["spec"]:
            (first,) = pod["spec"]["initContainers"]
            equal = state | {"message": json.dumps({"task": _environment(first)["task"]}), "finishedAt": begun}
            before = {**container, "name": first["name"], "state": {"terminated": equal}, "ready": True}
            status["initContainerStatuses"] = [before]
        self["node"].patch(pod, {"status": status}, part="status")

    def pod(self, job: Object) -> Object:
        """The Job's pod, once it is there, bound to the node."""
        pod = until(lambda: self._pod_of(job), f"Job {job['metadata']['name']} has a pod")
        if "nodeName" not in pod["spec"]:
            self._bind(pod)
        return pod

    def shards(self, job: Object) -> list[Object]:
        """The pods of a Job that several share, once all are there, bound to the node, by their numbers."""
        count = job["spec"]["completions"]

        def all_of_them() -> list[Object] | None:
            pods = [pod for pod in self.pods(job) if "deletionTimestamp" not in pod["metadata"]]
            return pods if len(pods) == count else None

        pods = until(all_of_them, f"Job {job['metadata']['name']} has {count} pods")
        for pod in pods:
            if "nodeName" not in pod["spec"]:
                self._bind(pod)
        return sorted(pods, key=lambda pod: int(pod["metadata"]["labels"][COMPLETION_INDEX_LABEL]))

    def assess(self, check: Object) -> None:
        """The worker answers that the model has lost thirty points."""
        self.answer(self.job(check, "assessment"), lambda task: scenes.summary(task["task"]))
        self.until(check, "Assessed", "True", "Assessed")

    def digest(self, check: Object) -> str:
        """What can be approved, once something can."""

        def offered() -> str | None:
            approval = self.now(check)["status"].get("approval", {})
            return approval.get("digest")

        return until(offered, "something can be approved")

    def pods(self, job: Object) -> list[Object]:
        """The Job's pods."""
        label = f"batch.kubernetes.io/controller-uid={job['metadata']['uid']}"
        found = self["admin"].list(self.obj("Pod", version="v1"), labelSelector=label)
        return [{"apiVersion": "v1", "kind": "Pod", **pod} for pod in found]

    def _pod_of(self, job: Object) -> Object | None:
        return next((pod for pod in self.pods(job) if "deletionTimestamp" not in pod["metadata"]), None)

    def _bind(self, pod: Object) -> None:
        target = {"apiVersion": "v1", "kind": "Node", "name": NODE}
        binding = {"apiVersion": "v1", "kind": "Binding", "metadata": pod["metadata"] | {"resourceVersion": ""}}
        self["admin"].post_to(pod, "binding", {**binding, "target": target})


def _task_of(pod: Object) -> Object:
    return _environment(pod["spec"]["containers"][0])


def _environment(container: Object) -> Object:
    """The task or plan in it."""
    environment = {each["name"]: each.get("value", "") for each in container["env"]}
    task: Object = json.loads(environment.get(TASK_ENV) or environment[PLAN_ENV])
    return task
