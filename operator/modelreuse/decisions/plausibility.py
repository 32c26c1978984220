"""Whether what a trainer says can be: it is the requester's own code, and whoever asked it knows the bounds."""

from modelreuse.api import TrainingResult


def implausible(
    result: TrainingResult,
    *,
    digest: str,
    output: str | None,
    max_steps: int | None,
    pilot_steps: int | None = None,
) -> str | None:
    """What in a result can't be, as a phrase; None where all may.

    digest: of what was asked for. output: the folder that was given for the artefact. max_steps, pilot_steps: the most
    steps that were allowed. None: not known, or no pilot.
    """
    if result.digest != digest:
        return "the result names another digest than the plan's"
    if output is not None and not result.artifact_uri.startswith(output.rstrip("/") + "/"):
        return f"the artefact lies outside the plan's output ({output})"
    if max_steps is not None and result.steps > max_steps:
        return f"{result.steps} steps are more than spec.retraining.maxSteps ({max_steps})"
    if pilot_steps is not None and result.steps > pilot_steps:
        return f"{result.steps} steps are more than spec.retraining.pilot.steps ({pilot_steps})"
    if result.evaluations and result.evaluations[-1].step > result.steps:
        return f"a quality after {result.evaluations[-1].step} steps, of {result.steps} that were taken"
    return None
