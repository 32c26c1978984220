"""Which records predictions learn from.

What others bring may be wrong, or of another kind, and there may be much of it. So one namespace brings a bounded
number of imports, whatever it holds; whether they count beside our own, `costs.forecasting` decides by what they help.
"""

from collections.abc import Iterable
from datetime import datetime

from modelreuse.api import CostProfileSpec, RetrainingRecord
from modelreuse.costs import teaches

MAX_IMPORTED = 300
"""Imports of one namespace that are learnt from: enough for the largest model, and no more."""


def teaching(records: Iterable[RetrainingRecord], profile: CostProfileSpec | None) -> list[RetrainingRecord]:
    """Our own; and, of each namespace that the profile trusts, the imports that ended last."""
    records = tuple(records)
    trusted = dict.fromkeys(profile.trusted_namespaces if profile else ())
    own = [record for record in records if record.spec.source == "Operator"]
    return [*own, *(each for namespace in trusted for each in _latest(records, namespace))]


def _latest(records: Iterable[RetrainingRecord], namespace: str) -> list[RetrainingRecord]:
    imported = (
        record
        for record in records
        if record.metadata.namespace == namespace and record.spec.source == "Imported" and teaches(record)
    )
    return sorted(imported, key=_ended, reverse=True)[:MAX_IMPORTED]


def _ended(record: RetrainingRecord) -> tuple[datetime, str]:
    assert record.outcome is not None
    return record.outcome.finished_at, record.metadata.name
