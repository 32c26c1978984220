"""The assessment of one candidate among those of a check."""

from modelreuse.api import ModelAssessment, ModelReuseCheckStatus


def assessment_of(status: ModelReuseCheckStatus, model: str) -> ModelAssessment:
    """The assessment of a model that the check names. Raises KeyError for another."""
    return {one.model: one for one in status.assessments}[model]
