"""What was approved, as the record keeps it: the requester may change the spec while the retraining runs.

Whatever judges a result (what it is measured on, against which target, where it may lie) is taken from here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from modelreuse.api import ContentHashes, Failure, ModelReuseCheck, ModelReuseCheckSpec, ModelReuseCheckStatus
from modelreuse.decisions.digest import digest_of
from modelreuse.decisions.observed import Observed
from modelreuse.decisions.records import record_of

_contents = TypeAdapter(dict[str, ContentHashes])


@dataclass(frozen=True)
class Terms:
    """What a human said yes to."""

    check: ModelReuseCheck
    """The check of now with the spec of then."""
    contents: Mapping[str, ContentHashes]
    """Hashes of the assessed bytes, by model."""
    seconds: int
    """How long the Job may run."""


def terms_of(observed: Observed, status: ModelReuseCheckStatus) -> Terms | Failure:
    """The terms of the retraining, or why nobody knows them: then no result of it can be judged."""
    retraining = status.retraining
    if retraining is None:
        return Failure(reason="NothingApproved", message="nothing was approved yet")
    record = record_of(observed, retraining)
    approval = record.spec.approval if record else None
    if approval is None:
        return Failure(
            reason="RecordMissing",
            message=f"RetrainingRecord {retraining.record} is gone, so nobody knows what was approved",
        )
    canonical = approval.preimage
    try:
        if digest_of(canonical) != retraining.intent.digest:
            raise ValueError("its hash is not the digest that was approved")
        approved = json.loads(canonical)
        spec = ModelReuseCheckSpec.model_validate(approved["spec"])
        contents = _contents.validate_python(approved["contents"])
        seconds = int(approved["job"]["spec"]["activeDeadlineSeconds"])
    except (ValidationError, KeyError, TypeError, ValueError) as error:
        why = "it doesn't fit this version of the operator" if isinstance(error, ValidationError) else error
        return Failure(
            reason="RecordUnreadable",
            message=f"RetrainingRecord {retraining.record}: spec.approval.preimage can't be read: {why}",
        )
    return Terms(check=observed.check.model_copy(update={"spec": spec}), contents=contents, seconds=seconds)
