"""The approval: whether the annotation on the check counts, now, for exactly what is on offer."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from modelreuse.api import Approval, Failure, ModelReuseCheckStatus
from modelreuse.api.names import (
    APPROVE,
    APPROVED_BY,
    APPROVED_BY_GROUPS,
    REJECT,
    REQUESTED_BY,
    SPEC_CHANGED_BY,
)
from modelreuse.decisions.observed import Observed
from modelreuse.decisions.offer import Offer
from modelreuse.decisions.policies import Rules
from modelreuse.decisions.rejecting import REJECTED, rejecter
from modelreuse.manifests import JOB, JobTemplate

MAX_NAME = 512
MAX_GROUPS = 1024
"""What a record can hold of a user's name, and of the names of their groups."""
AWAITING = "AwaitingApproval"
EXPIRED = "Expired"


@dataclass(frozen=True)
class Approved:
    """A valid approval of the current offer."""

    by: str
    groups: str
    requested_by: str
    edited_by: str


def offered(status: ModelReuseCheckStatus, current: Offer, rules: Rules, now: datetime) -> Approval:
    """What status says can be approved; the time of the offer stays while the digest stays."""
    before = status.approval
    offered_at = before.offered_at if before and before.digest == current.digest else now
    return Approval(
        digest=current.digest,
        components=list(current.preimage.components),
        offered_at=offered_at,
        expires_at=_known_since(status, now) + timedelta(seconds=rules.valid_seconds),
    )


def _known_since(status: ModelReuseCheckStatus, now: datetime) -> datetime:
    """Since when what the offer rests on is known. A pilot that told nothing makes no assessment younger."""
    pilot = status.pilot
    told = pilot.finished_at if pilot is not None and pilot.told else None
    return max(filter(None, (status.assessed_at, told)), default=now)


def judge(observed: Observed, approval: Approval, now: datetime) -> Approved | Failure:
    """Whether a human has approved this offer, and may.

    Admission has refused most of what is refused here; it may have been switched off in between.
    """
    check = observed.check
    annotations = check.metadata.annotations
    by = annotations.get(APPROVED_BY, "")
    if annotations.get(REJECT) == approval.digest:
        return Failure(reason=REJECTED, message=f"{rejecter(observed)} rejected this assessment")
    if now >= approval.expires_at:
        return Failure(reason=EXPIRED, message=f"could be approved until {approval.expires_at:%Y-%m-%dT%H:%M:%SZ}")
    given = annotations.get(APPROVE, "")
    if not given:
        return Failure(reason=AWAITING, message="nobody has approved this")
    if given != approval.digest:
        return Failure(reason=AWAITING, message="the annotation approves something else than what is on offer now")
    problem = _who_may_not(observed, by)
    if problem:
        return Failure(reason="ApprovalNotValid", message=problem)
    groups = _that_fit(annotations.get(APPROVED_BY_GROUPS, ""))
    return Approved(
        by=by, groups=groups, requested_by=annotations[REQUESTED_BY], edited_by=annotations[SPEC_CHANGED_BY]
    )


def _who_may_not(observed: Observed, by: str) -> str | None:
    annotations = observed.check.metadata.annotations
    requester, editor = annotations.get(REQUESTED_BY, ""), annotations.get(SPEC_CHANGED_BY, "")
    if not by or not requester or not editor:
        return "who requested, edited or approved this check was not stamped by admission; create it anew"
    if max(len(by), len(requester), len(editor)) > MAX_NAME:
        return f"a name of requester, editor or approver is longer than {MAX_NAME} characters and can't be recorded"
    objection = objection_to(by, requester, editor)
    if objection:
        return objection
    rights = observed.rights
    if rights is None:
        return "the rights of requester and approver could not be checked"
    if not rights.approver_may_approve:
        return f'"{by}" no longer has the verb approve on this check'
    if not (rights.requester_may_create_jobs and rights.editor_may_create_jobs):
        template = observed.template
        kinds = (
            f"Jobs and {template.kind}s" if isinstance(template, JobTemplate) and template.kind != JOB.name else "Jobs"
        )
        return f'"{requester}" or "{editor}", for whom the Job would be created, may no longer create {kinds} here'
    if not (rights.requester_may_read_the_template and rights.editor_may_read_the_template):
        return f'"{requester}" or "{editor}" may no longer read the CronJob that spec.retraining.fromCronJob names'
    return None


def objection_to(by: str, *involved: str) -> str | None:
    """Why `by` is nobody who may approve what the others requested or edited; None when their names allow it.

    Identity providers differ in case and surrounding space where they mean one person.
    """
    name = _person(by)
    if name.startswith("system:"):
        return f'"{by}" is not a person'
    if name in {_person(each) for each in involved}:
        return f'"{by}" requested or last edited this check and can\'t approve it'
    return None


def _person(name: str) -> str:
    return name.strip().lower()


def _that_fit(groups: str) -> str:
    """As many of the comma-separated groups as a record holds; an ellipsis stands for the rest."""
    if len(groups) <= MAX_GROUPS:
        return groups
    return f"{groups[: MAX_GROUPS - 3].rpartition(',')[0]},..."
