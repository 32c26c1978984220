"""The record of a retraining among those that were observed."""

from modelreuse.api import RetrainingRecord, RetrainingStatus
from modelreuse.decisions.observed import Observed


def record_of(observed: Observed, retraining: RetrainingStatus) -> RetrainingRecord | None:
    """The record of this retraining, if it was observed."""
    return next(
        (
            record
            for record in observed.records
            if record.metadata.name == retraining.record
            and record.metadata.namespace == observed.check.metadata.namespace
        ),
        None,
    )
