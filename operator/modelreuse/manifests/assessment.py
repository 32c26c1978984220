"""The assessment Job of one candidate: one forward pass over reference and new data, by one pod or by several."""

from typing import Any

from modelreuse.api import AssessmentTask, ModelReuseCheck, ModelSource
from modelreuse.manifests.identity import assessment_task_id
from modelreuse.manifests.shards import rendezvous_service, shared
from modelreuse.manifests.worker_pod import worker_job

ROLE = "assessment"


def assessment_job(
    check: ModelReuseCheck, model: ModelSource, *, nonce: str, attempt: int, image: str, probe_allowed: bool
) -> dict[str, Any]:
    """The Job that assesses `model` for `check`. `probe_allowed` is the policies' word on the timing probe."""
    spec = check.spec
    probe = spec.assessment.timing_probe and probe_allowed
    task_id = assessment_task_id(nonce, model.name, attempt)
    data = spec.data_of(model)
    task = AssessmentTask(
        task=task_id,
        model=model,
        data=data,
        code=spec.code,
        objective=spec.objective,
        batch_size=spec.assessment.batch_size,
        precision=spec.assessment.precision,
        probe_batch_size=_training_batch_size(check) if probe else None,
        output=spec.assessment.output,
    )
    job = worker_job(
        check,
        task,
        task_id,
        ROLE,
        image,
        # The evaluation data is only hashed: what a retraining is verified on is settled before it is approved.
        read=[model.uri, *(source.uri for source in data.sources)],
        written=[spec.assessment.output] if spec.assessment.output else [],
        template=spec.assessment.template,
    )
    return job if spec.assessment.shards == 1 else shared(job, spec.assessment.shards)


def assessment_service(check: ModelReuseCheck, job: str, job_uid: str) -> dict[str, Any]:
    """The Service by which the pods of the assessment Job with this name and UID find each other."""
    return rendezvous_service(check, ROLE, job, job_uid)


def _training_batch_size(check: ModelReuseCheck) -> int:
    return check.spec.retraining.batch_size if check.spec.retraining else check.spec.assessment.batch_size
