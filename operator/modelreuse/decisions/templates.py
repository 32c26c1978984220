"""The template that a retraining is made of: the check's own, or one of which somebody else may change a part.

A spec is part of the digest, so its template can't change unnoticed. A CronJob, or the runtime of a TrainJob, isn't
part of the spec. What it held when a retraining was first offered counts for that assessment: an edit takes another
assessment, not just another digest, so that nobody approves by a habit of copying what status prints.
"""

from modelreuse.api import Failure, ModelReuseCheckStatus
from modelreuse.decisions.commands import ending_with, to_assess_again
from modelreuse.decisions.digest import fingerprint_of
from modelreuse.decisions.observed import Observed
from modelreuse.manifests import JobTemplate

MISSING = "CronJobMissing"
CHANGED = "CronJobChanged"
RUNTIME_MISSING = "RuntimeMissing"
RUNTIME_CHANGED = "RuntimeChanged"
NOT_SERVED = "KindNotServed"
HEALS = frozenset({MISSING, RUNTIME_MISSING, NOT_SERVED})
"""Nobody watches what is missing then, so it is asked for again."""


def usable_template(observed: Observed, status: ModelReuseCheckStatus) -> JobTemplate | Failure:
    """What the retraining would be made of, or why nothing can be offered."""
    template = observed.template
    if template is None:
        return Failure(reason=MISSING, message="the CronJob that spec.retraining.fromCronJob names was not read")
    if isinstance(template, Failure):
        return template
    frozen = status.template_sha256
    if frozen is not None and frozen_by(observed, template) != frozen:
        changed = template.refers_to or template
        message = f"{changed.path}: is no longer what it was when this assessment was offered for approval"
        reason = RUNTIME_CHANGED if template.refers_to else CHANGED
        return Failure(reason=reason, message=ending_with(to_assess_again(observed.check, status), message))
    return template


def frozen_by(observed: Observed, template: JobTemplate) -> str | None:
    """What status keeps of a template that an offer is made of; None where the spec itself holds all of it."""
    if template.refers_to is not None:
        return fingerprint_of(template.refers_to.content)
    retraining = observed.check.spec.retraining
    cron_job = retraining.from_cron_job if retraining else None
    return None if cron_job is None else fingerprint_of(template.content)
