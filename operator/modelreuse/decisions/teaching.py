"""Which records predictions learn from.

What others bring may be wrong, or of another kind, and there may be much of it. So one namespace brings a bounded
number of imports, whatever it holds; whether they count beside our own, `costs.forecasting` decides by what they help.
Our own are bounded too, by what fitting them takes: the latest tell most about what is run now.
"""

from collections.abc import Iterable
from datetime import datetime

from modelreuse.api import CostProfileSpec, RetrainingRecord
from modelreuse.costs import teaches

MAX_OWN = 1000
"""Our own that are learnt from: fitting so many takes some ten seconds and 200 MB, and grows faster than they do."""
MAX_IMPORTED = 300
"""Imports of one namespace that are learnt from: enough for the largest model, and no more."""


def teaching(records: Iterable[RetrainingRecord], profile: CostProfileSpec | None) -> list[RetrainingRecord]:
    """Our own, and those imported into each namespace that the profile trusts; of each the ones that ended last."""
    records = tuple(records)
    trusted = dict.fromkeys(profile.trusted_namespaces if profile else ())
    own = [record for record in records if record.spec.source == "Operator"]
    imported = [record for record in records if record.spec.source == "Imported"]
    theirs = ([each for each in imported if each.metadata.namespace == namespace] for namespace in trusted)
    return [*_latest(own, MAX_OWN), *(each for some in theirs for each in _latest(some, MAX_IMPORTED))]


def ended_at(record: RetrainingRecord) -> datetime:
    """When a record that teaches ended."""
    assert record.outcome is not None
    return record.outcome.finished_at


def _latest(records: Iterable[RetrainingRecord], most: int) -> list[RetrainingRecord]:
    def when(record: RetrainingRecord) -> tuple[datetime, str]:
        return ended_at(record), record.metadata.name

    return sorted(filter(teaches, records), key=when, reverse=True)[:most]
