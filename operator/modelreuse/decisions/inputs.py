"""Whether a retraining read what was approved: by the word of our own container, which ran before the trainer.

Its answer counts only from an image on the policies' list and for the digest that was approved. A pod without that
answer may have been changed on its way; what came of it proves nothing.
"""

from modelreuse.api import Failure, InputsSummary, UnreadableMessageError, parse_message
from modelreuse.decisions.images import digest_in
from modelreuse.decisions.observed import ObservedJob, ObservedPod
from modelreuse.decisions.policies import Rules

UNCONFIRMED = "InputsUnconfirmed"


def refused_inputs(job: ObservedJob, digest: str) -> Failure | None:
    """Why our container ended a Job before the trainer began; None where it didn't."""
    for pod in reversed(job.pods):
        summary = _answer(pod)
        if isinstance(summary, InputsSummary) and summary.task == digest and summary.error is not None:
            return Failure(reason=summary.error.reason, message=summary.error.message)
    return None


def unconfirmed_inputs(pod: ObservedPod, digest: str, rules: Rules | None) -> Failure | None:
    """Why nobody knows what the trainer in this pod has read; None where it was what was approved."""
    summary = _answer(pod)
    if isinstance(summary, Failure):
        return summary
    if summary.task != digest or summary.error is not None:
        return Failure(reason=UNCONFIRMED, message=f"Pod {pod.name}: its inputs were compared with something else")
    if rules is not None and rules.images is not None and digest_in(pod.inputs_image_id) not in rules.images:
        message = f"the image {pod.inputs_image_id or 'unknown'} that compared inputs is on no list spec.images"
        return Failure(reason="ImageNotAllowed", message=message)
    return None


def _answer(pod: ObservedPod) -> InputsSummary | Failure:
    if pod.inputs_message is None:
        message = f"Pod {pod.name}: nothing says that data and weights were those that were approved"
        return Failure(reason=UNCONFIRMED, message=message)
    try:
        return parse_message(InputsSummary, pod.inputs_message)
    except UnreadableMessageError as error:
        return Failure(reason=UNCONFIRMED, message=f"Pod {pod.name}: {error}")
