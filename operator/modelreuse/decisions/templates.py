"""The template that a retraining is made of: the check's own, or that of a CronJob which somebody else may change.

A spec is part of the digest, so its template can't change unnoticed. A CronJob isn't part of the spec. What it held
when a retraining was first offered counts for that assessment: an edit takes another assessment, not just another
digest, so that nobody approves by a habit of copying what status prints.
"""

from modelreuse.api import Failure, ModelReuseCheckStatus
from modelreuse.decisions.commands import ending_with, to_assess_again
from modelreuse.decisions.digest import fingerprint_of
from modelreuse.decisions.observed import Observed
from modelreuse.manifests import JobTemplate

MISSING = "CronJobMissing"
CHANGED = "CronJobChanged"


def usable_template(observed: Observed, status: ModelReuseCheckStatus) -> JobTemplate | Failure:
    """What the retraining would be made of, or why nothing can be offered."""
    template = observed.template
    if template is None:
        return Failure(reason=MISSING, message="the CronJob that spec.retraining.fromCronJob names was not read")
    if isinstance(template, Failure):
        return template
    frozen = status.template_sha256
    if frozen is not None and frozen_by(observed, template) != frozen:
        message = f"{template.path}: is no longer what it was when this assessment was offered for approval"
        return Failure(reason=CHANGED, message=ending_with(to_assess_again(observed.check, status), message))
    return template


def frozen_by(observed: Observed, template: JobTemplate) -> str | None:
    """What status keeps of a template that an offer is made of; None where the spec itself holds it."""
    retraining = observed.check.spec.retraining
    return fingerprint_of(template.content) if retraining is not None and retraining.from_cron_job is not None else None
