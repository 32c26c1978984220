"""The verification Job: our worker, not the trainer, measures old and new model on held-out data."""

from typing import Any

from modelreuse.api import ModelReuseCheck, ModelSource, VerificationTask
from modelreuse.manifests.identity import verification_task_id
from modelreuse.manifests.worker_pod import scheduling_of, worker_job

ROLE = "verification"


def verification_job(
    check: ModelReuseCheck,
    *,
    old: ModelSource,
    new: ModelSource,
    artifact_sha256: str,
    digest: str,
    attempt: int,
    image: str,
) -> dict[str, Any]:
    """The Job that compares `old` and `new` on `data.evaluation`.

    Always in the operator's own worker image: of `assessment.template` only the scheduling applies.
    """
    evaluation = check.spec.data.evaluation
    if evaluation is None:
        raise ValueError("spec.data.evaluation: is missing; verification needs held-out new data with labels")
    task_id = verification_task_id(digest, attempt)
    task = VerificationTask(
        task=task_id,
        old=old,
        new=new,
        artifact_sha256=artifact_sha256,
        data=check.spec.data,
        code=check.spec.code,
        code_sha256=_approved_code(check, old.name),
        objective=check.spec.objective,
        batch_size=check.spec.assessment.batch_size,
    )
    return worker_job(
        check,
        task,
        task_id,
        ROLE,
        image,
        read=[old.uri, new.uri, evaluation.uri],
        written=[],
        template=scheduling_of(check.spec.assessment.template),
    )


def _approved_code(check: ModelReuseCheck, model: str) -> str | None:
    """The hash of the code that the model was assessed with, and the approval is bound to; None where there is none."""
    hashes = (one.hashes for one in check.status.assessments if one.model == model)
    return next((each.code for each in hashes if each is not None), None)
