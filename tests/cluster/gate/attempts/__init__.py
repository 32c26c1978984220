"""All attempts to walk around the gate, by the policy that must refuse them."""

from cluster.gate.attempt import Attempt
from cluster.gate.attempts import accelerators, decisions, jobs, namespaces, pods, records, requests, status, train_jobs

ALL: tuple[Attempt, ...] = (
    *decisions.ATTEMPTS,
    *requests.ATTEMPTS,
    *status.ATTEMPTS,
    *records.ATTEMPTS,
    *jobs.ATTEMPTS,
    *pods.ATTEMPTS,
    *namespaces.ATTEMPTS,
    *accelerators.ATTEMPTS,
    *train_jobs.ATTEMPTS,
)

# One attempt per validating policy: once all of these are refused, every policy is in force.
PROBES = {
    "modelreuse-decisions": "approve-without-the-verb",
    "modelreuse-requests": "create-without-the-right-to-jobs",
    "modelreuse-status": "status-with-a-wildcard-role",
    "modelreuse-records": "create-a-record-of-the-operator",
    "modelreuse-jobs": "create-under-the-prefix",
    "modelreuse-operator": "delete-somebody-elses-job-as-operator",
    "modelreuse-pods": "create-a-pod-under-the-prefix",
    "modelreuse-namespaces": "relabel-out-of-a-policy",
    "modelreuse-shells": "exec-into-a-pod",
    "modelreuse-train-jobs": "create-a-train-job-under-the-prefix",
    "modelreuse-train-job-parts": "delete-a-job-set-so-that-it-is-made-anew",
    "modelreuse-accelerators": "train-on-an-accelerator-without-us",
    "modelreuse-accelerators-label": "take-the-label-away",
}
