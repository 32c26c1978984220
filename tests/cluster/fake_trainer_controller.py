"""What Kubeflow Trainer and JobSet do with a TrainJob, played one step at a time, each under its own account.

Trainer makes a JobSet of the TrainJob and its runtime; JobSet makes a Job of that; the Job controller, which is real,
makes the pod. How the Job ended goes back the same way. Names, labels and owners are those that they give
(github.com/kubeflow/trainer pkg/runtime/framework/plugins/jobset, github.com/kubernetes-sigs/jobset; Apache-2.0).
"""

from dataclasses import dataclass
from typing import Any

from cluster.fake_trainer import JOB_SETS, TRAINER_VERSION
from cluster.person import Object, Person

TRAINER_ACCOUNT = "system:serviceaccount:kubeflow-system:kubeflow-trainer-controller-manager"
JOB_SET_ACCOUNT = "system:serviceaccount:kubeflow-system:jobset-controller-manager"
ENDED = "2026-01-02T03:05:00Z"


@dataclass(frozen=True)
class FakeTrainer:
    """Both controllers."""

    trainer: Person
    job_set: Person
    admin: Person
    """Reads, for both."""

    def begin(self, train_job: Object) -> Object:
        """The Job of the TrainJob's one node."""
        runtime = self.admin.get(self._runtime_of(train_job))
        job_set = self.trainer.create(_job_set(train_job, runtime))
        return self.job_set.create(_job(job_set))

    def end(self, train_job: Object, job: Object) -> Object:
        """The TrainJob says how its Job ended."""
        conditions = self.admin.get(job)["status"]["conditions"]
        ended = next(each for each in conditions if each["type"] in ("Complete", "Failed") and each["status"] == "True")
        complete = ended["type"] == "Complete"
        reason, message = (
            ("AllJobsCompleted", "jobset completed successfully")
            if complete
            else ("FailedJobs", "jobset failed due to one or more job failures")
        )
        return self.say(train_job, ended["type"], reason, message)

    def say(self, train_job: Object, kind: str, reason: str, message: str) -> Object:
        """A condition of the TrainJob."""
        said = {"type": kind, "status": "True", "reason": reason, "message": message, "lastTransitionTime": ENDED}
        return self.trainer.patch(train_job, {"status": {"conditions": [said]}}, part="status")

    def _runtime_of(self, train_job: Object) -> Object:
        reference = train_job["spec"]["runtimeRef"]
        metadata = {"namespace": train_job["metadata"]["namespace"], "name": reference["name"]}
        return {"apiVersion": TRAINER_VERSION, "kind": reference["kind"], "metadata": metadata}


def owner(obj: Object, version: str, kind: str) -> Object:
    metadata = obj["metadata"]
    owned = {"apiVersion": version, "kind": kind, "name": metadata["name"], "uid": metadata["uid"]}
    return {**owned, "controller": True, "blockOwnerDeletion": True}


def _job_set(train_job: Object, runtime: Object) -> Object:
    metadata: Object = {"namespace": train_job["metadata"]["namespace"], "name": train_job["metadata"]["name"]}
    owners = [owner(train_job, TRAINER_VERSION, "TrainJob")]
    spec: dict[str, Any] = {**runtime["spec"]["template"]["spec"], "suspend": train_job["spec"].get("suspend", False)}
    version = f"{JOB_SETS}/v1alpha2"
    return {"apiVersion": version, "kind": "JobSet", "metadata": metadata | {"ownerReferences": owners}, "spec": spec}


def _job(job_set: Object) -> Object:
    (replicated,) = job_set["spec"]["replicatedJobs"]
    metadata, name = job_set["metadata"], replicated["name"]
    labels = {
        "jobset.sigs.k8s.io/jobset-name": metadata["name"],
        "jobset.sigs.k8s.io/replicatedjob-name": name,
        "jobset.sigs.k8s.io/job-index": "0",
    }
    template = replicated["template"]
    pod = template["spec"]["template"]
    spec = template["spec"] | {
        "completionMode": "Indexed",
        "suspend": job_set["spec"].get("suspend", False),
        "template": {**pod, "metadata": {"labels": pod.get("metadata", {}).get("labels", {}) | labels}},
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "namespace": metadata["namespace"],
            "name": f"{metadata['name']}-{name}-0",
            "labels": template.get("metadata", {}).get("labels", {}) | labels,
            "ownerReferences": [owner(job_set, f"{JOB_SETS}/v1alpha2", "JobSet")],
        },
        "spec": spec,
    }
