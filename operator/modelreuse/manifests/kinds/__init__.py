"""The kinds that can run a retraining, in one table: a third is one more file and one more line."""

from collections.abc import Mapping
from typing import Any

from modelreuse.api import InvalidTemplateError, ModelReuseCheck, TrainingPlan
from modelreuse.manifests.inputs import Inputs
from modelreuse.manifests.kinds.job import JOB
from modelreuse.manifests.kinds.kind import Kind, Reference
from modelreuse.manifests.kinds.train_job import TRAIN_JOBS
from modelreuse.manifests.templates import JobTemplate, Rendered

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (JOB, TRAIN_JOBS)}
"""By name."""

__all__ = ["JOB", "KINDS", "Kind", "Reference", "kind_of", "render_retraining"]


def kind_of(object_template: Mapping[str, Any]) -> Kind:
    """The kind of which an `objectTemplate` is. Raises InvalidTemplateError, with its path in that."""
    name, version = object_template.get("kind"), object_template.get("apiVersion")
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None or kind is JOB or kind.api_version != version:
        known = ", ".join(f"{each.name} ({each.api_version})" for each in KINDS.values() if each is not JOB)
        raise InvalidTemplateError(
            f"kind: {name} ({version}): is not accepted; accepted are {known}; a Job is jobTemplate"
        )
    return kind


def render_retraining(
    check: ModelReuseCheck, template: JobTemplate, plan: TrainingPlan, inputs: Inputs, *, hours_high: float
) -> Rendered:
    """What carries out `plan` on `inputs`, of the template's kind. Raises InvalidTemplateError."""
    return KINDS[template.kind].render(check, template, plan, inputs, hours_high=hours_high)
