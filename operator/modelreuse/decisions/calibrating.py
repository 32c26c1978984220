"""What a CostProfile's status says: how many records its predictions learn from, and how good the recent ones were.

A prediction is signed before anybody can know better. This page of figures is where somebody sees, in time, that
predictions have stopped to hold.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from modelreuse.api import (
    CALIBRATED,
    CostProfile,
    CostProfileStatus,
    RetrainingRecord,
    RetrainPolicy,
    decimal,
    merge_conditions,
)
from modelreuse.costs import (
    LEAST_CLAIMS,
    Ended,
    Hindsight,
    cases_of,
)
from modelreuse.decisions.grid import Told, as_conditions, grid_conditions
from modelreuse.decisions.policies import Rules, governing
from modelreuse.decisions.teaching import ended_at, teaching

_PROMISED = "80 % should"


@dataclass(frozen=True)
class Backing:
    """The records behind a profile's predictions: the operator's own where it governs, imports where it trusts."""

    own: tuple[RetrainingRecord, ...]
    imported: tuple[RetrainingRecord, ...]

    @property
    def ended(self) -> tuple[Ended, ...]:
        """Retrainings that were predicted, each with the records that had ended when it was approved."""
        return tuple(Ended(record, self._known_to(record)) for record in self.own if record.spec.predicted is not None)

    def _known_to(self, record: RetrainingRecord) -> list[RetrainingRecord]:
        approval = record.spec.approval
        assert approval is not None
        return [
            each
            for each in (*self.own, *self.imported)
            if ended_at(each) <= approval.at
            and (each.spec.source == "Imported" or each.metadata.namespace == record.metadata.namespace)
        ]


def backing(
    profile: CostProfile,
    policies: Iterable[RetrainPolicy],
    profiles: Mapping[str, CostProfile],
    namespaces: Mapping[str, Mapping[str, str]],
    records: Iterable[RetrainingRecord],
) -> Backing:
    """The records that back this profile; `namespaces` are all there are, with their labels."""
    policies = tuple(policies)
    ours = {name for name, labels in namespaces.items() if _governs(profile, governing(policies, profiles, labels))}
    read = teaching(records, profile.spec)
    return Backing(
        own=tuple(each for each in read if each.spec.source == "Operator" and each.metadata.namespace in ours),
        imported=tuple(each for each in read if each.spec.source == "Imported"),
    )


def calibration(profile: CostProfile, behind: Backing, hindsight: Hindsight, now: datetime) -> CostProfileStatus:
    """The status to store; the one that is stored, `updatedAt` included, where nothing else has changed."""
    before = profile.status
    coverage, factor, free = hindsight.coverage, hindsight.median_factor, hindsight.baseline_median_factor
    told = CostProfileStatus(
        observed_generation=profile.metadata.generation,
        conditions=merge_conditions(
            before.conditions, as_conditions(profile, [*grid_conditions(profile, now), _calibrated(hindsight)], now)
        ),
        own_records=len(cases_of(behind.own)),
        imported_records=len(cases_of(behind.imported)),
        judged=hindsight.judged,
        median_factor=_figure(factor),
        baseline=hindsight.baseline,
        baseline_median_factor=_figure(free),
        claims=hindsight.claims,
        coverage=_figure(coverage),
        electricity_maps=before.electricity_maps if profile.spec.grid.electricity_maps else None,
        updated_at=before.updated_at,
    )
    return before if told == before else told.model_copy(update={"updated_at": now})


def _calibrated(hindsight: Hindsight) -> Told:
    held = f"{hindsight.held} of the last {hindsight.claims} retrainings ended within their predicted interval of steps"
    if hindsight.has_drifted is None:
        message = (
            f"{hindsight.claims} of the last retrainings had an interval from records; {LEAST_CLAIMS} tell whether "
            f"such intervals hold as often as they say"
        )
        return CALIBRATED, "Unknown", "TooFewRecords", message
    if not hindsight.has_drifted:
        return CALIBRATED, "True", "Holds", f"{held}; {_PROMISED}"
    message = (
        f"{held}; {_PROMISED}, so what is trained now differs from what predictions learnt from. Approve by the "
        "declared budget, not by the interval; delete imports that no longer fit, and import retrainings like "
        "those of now (docs/predictions.md, Drift)"
    )
    return CALIBRATED, "False", "Drifted", message


def _governs(profile: CostProfile, rules: object) -> bool:
    return isinstance(rules, Rules) and rules.profile.metadata.name == profile.metadata.name


def _figure(value: float | None) -> Decimal | None:
    return None if value is None else decimal(value)
