"""Which of a Job's pods speaks for it."""

from modelreuse.decisions.observed import ObservedJob, ObservedPod


def answering_pod(job: ObservedJob) -> ObservedPod | None:
    """The pod whose answer counts: the last that left one, of those with index 0 where several share the Job."""
    answered = [pod for pod in job.pods if pod.message and pod.index == 0]
    return answered[-1] if answered else None
