"""Which records predictions learn from."""

from collections.abc import Iterable

from modelreuse.api import CostProfileSpec, RetrainingRecord


def teaching(records: Iterable[RetrainingRecord], profile: CostProfileSpec | None) -> list[RetrainingRecord]:
    """Our own, and what was imported where the profile trusts."""
    trusted = profile.trusted_namespaces if profile else []
    return [record for record in records if record.spec.source == "Operator" or record.metadata.namespace in trusted]
