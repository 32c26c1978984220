"""The rejection: a human says no to what is on offer. That consumes the digest, whatever is annotated later."""

from datetime import datetime

from modelreuse.api import ModelReuseCheckStatus
from modelreuse.api.names import REJECT, REJECTED_BY
from modelreuse.decisions.observed import Observed

REJECTED = "Rejected"
_NAME_ROOM = 200


def declined(observed: Observed, status: ModelReuseCheckStatus, now: datetime) -> ModelReuseCheckStatus:
    """The status with who rejected its offer, if somebody did. The assessment stays readable until the next one.

    Whoever rejected a pilot, in time or not, rejected what it was for.
    """
    digests = {each.digest for each in (status.approval, status.pilot) if each is not None} - {None}
    if observed.check.metadata.annotations.get(REJECT) not in digests:
        return status
    return status.model_copy(update={"rejected": f"{rejecter(observed)}, {now:%Y-%m-%dT%H:%M:%SZ}"})


def rejecter(observed: Observed) -> str:
    """Who rejected, as admission stamped them."""
    return (observed.check.metadata.annotations.get(REJECTED_BY) or "somebody")[:_NAME_ROOM]
