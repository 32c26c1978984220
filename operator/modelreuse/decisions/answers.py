"""Which of a Job's pods speaks for it."""

from modelreuse.decisions.observed import ObservedJob, ObservedPod


def answering_pod(job: ObservedJob) -> ObservedPod | None:
    """The pod whose answer counts: the last that left one."""
    answered = [pod for pod in job.pods if pod.message]
    return answered[-1] if answered else None
