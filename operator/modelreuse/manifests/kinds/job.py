"""A Job: the requester's template, plus what makes exactly one bounded, answerable run of it."""

from collections.abc import Mapping
from typing import Any

from modelreuse.api import ModelReuseCheck, TrainingPlan
from modelreuse.api.names import CHECK_LABEL, POD_OF_JOB_LABEL, TRAINER_CONTAINER, WORKER_CONTAINER
from modelreuse.api.templates import check_job_template
from modelreuse.manifests.identity import owned_metadata
from modelreuse.manifests.inputs import Inputs
from modelreuse.manifests.kinds.kind import Kind
from modelreuse.manifests.merge import merged
from modelreuse.manifests.retraining import ROLE, accepted, deadline, with_contract
from modelreuse.manifests.templates import JobTemplate, Rendered, TemplatePod


def render(
    check: ModelReuseCheck, template: JobTemplate, plan: TrainingPlan, inputs: Inputs, *, hours_high: float
) -> Rendered:
    """The Job that carries out `plan` on `inputs`.

    Raises InvalidTemplateError for what `check_job_template` refuses.
    """
    given = accepted(template, check_job_template)
    pod = with_contract(check, given["spec"]["template"], TRAINER_CONTAINER, plan, inputs)
    job = {
        "apiVersion": JOB.api_version,
        "kind": JOB.name,
        # As in a CronJob: a queue finds its Jobs by a label.
        "metadata": merged(given.get("metadata", {}), owned_metadata(check, plan.digest, ROLE)),
        "spec": {
            **given["spec"],
            "backoffLimit": 0,
            "completions": 1,
            "parallelism": 1,
            "activeDeadlineSeconds": deadline(
                given["spec"].get("activeDeadlineSeconds"), inputs, hours_high=hours_high
            ),
            "template": pod,
        },
    }
    return Rendered(launched=job, pod=pod["spec"])


def _pod_of(template: JobTemplate) -> TemplatePod:
    return TemplatePod(f"{template.path}.spec.template.spec.", template.content["spec"]["template"]["spec"])


def _pods(job: Mapping[str, Any]) -> str:
    """By the Job controller's label, and by ours: nobody else may make pods that carry it."""
    return f"{CHECK_LABEL},{POD_OF_JOB_LABEL}={job['metadata']['uid']}"


JOB = Kind(
    api_version="batch/v1",
    name="Job",
    plural="jobs",
    render=render,
    pod_of=_pod_of,
    refers_to=lambda _template: None,
    prepares=None,
    pods=_pods,
    containers=(WORKER_CONTAINER, TRAINER_CONTAINER),
    done="Complete",
    failed="Failed",
    deadline_changes=True,
)
