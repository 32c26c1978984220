"""From API objects to Kubernetes objects: pure functions, each of whose results a reader can `kubectl apply`."""

from modelreuse.api import InvalidTemplateError
from modelreuse.manifests.assessment import assessment_job, assessment_service
from modelreuse.manifests.identity import (
    assessment_task_id,
    imported_record_name,
    job_name,
    record_name,
    verification_task_id,
)
from modelreuse.manifests.inputs import Inputs
from modelreuse.manifests.kinds import JOB, KINDS, Kind, Reference, kind_of, render_retraining
from modelreuse.manifests.record import imported_record, retraining_record
from modelreuse.manifests.references import config_maps_in
from modelreuse.manifests.resources import accelerators_of, cores_of, selector_of, slices_of, without_cpu_limit
from modelreuse.manifests.retraining import (
    DIGEST_PLACEHOLDER,
    artifact_source,
    looks,
    training_plan,
)
from modelreuse.manifests.templates import JobTemplate, Rendered, TemplatePod
from modelreuse.manifests.verification import verification_job

__all__ = [
    "DIGEST_PLACEHOLDER",
    "JOB",
    "KINDS",
    "Inputs",
    "InvalidTemplateError",
    "JobTemplate",
    "Kind",
    "Reference",
    "Rendered",
    "TemplatePod",
    "accelerators_of",
    "artifact_source",
    "assessment_job",
    "assessment_service",
    "assessment_task_id",
    "config_maps_in",
    "cores_of",
    "imported_record",
    "imported_record_name",
    "job_name",
    "kind_of",
    "looks",
    "record_name",
    "render_retraining",
    "retraining_record",
    "selector_of",
    "slices_of",
    "training_plan",
    "verification_job",
    "verification_task_id",
    "without_cpu_limit",
]
