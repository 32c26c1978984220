"""When Electricity Maps is asked about a CostProfile's zone, and what the profile's status says of the answer."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from modelreuse.api import (
    GRID_CURRENT,
    NEEDS_PEOPLE,
    CarbonIntensity,
    Condition,
    ConditionType,
    CostProfile,
    CostProfileStatus,
    ElectricityMaps,
    ElectricityMapsStatus,
    Failure,
    GridReading,
    format_decimal,
    merge_conditions,
)
from modelreuse.decisions.conditions import State
from modelreuse.decisions.intensity import intensity_of, latest
from modelreuse.decisions.policies import UNKNOWN_ZONE

EVERY = timedelta(hours=1)
"""Between two questions about one profile's zone."""
AFTER_FAILURE = timedelta(minutes=10)
"""The same where there was no answer: whoever has mended something shall not wait an hour to see it."""
LONGEST_WAIT = timedelta(days=1)
"""That Electricity Maps can ask us to wait."""

Told = tuple[str, State, str, str]
"""Type, status, reason and message of a condition."""
_OURS = frozenset({ConditionType.READY, ConditionType.STALLED, ConditionType.RECONCILING, GRID_CURRENT})


def is_due(asked: ElectricityMaps, told: ElectricityMapsStatus | None, now: datetime) -> bool:
    """Whether Electricity Maps is asked now. A clock that was set back is no reason to wait for it."""
    return told is None or told.zone != asked.zone or not told.asked_at <= now < told.ask_again_at


def heard(
    asked: ElectricityMaps,
    before: ElectricityMapsStatus | None,
    answer: GridReading | Failure,
    now: datetime,
    wait: timedelta = timedelta(0),
) -> ElectricityMapsStatus:
    """What is known after a question. wait: how long Electricity Maps wants to be left alone, if it says so."""
    if isinstance(answer, Failure):
        pause, failure = AFTER_FAILURE, answer
        reading = before.reading if before is not None and before.zone == asked.zone else None
    else:
        pause, failure, reading = EVERY, None, answer
    again = now + max(pause, min(wait, LONGEST_WAIT))
    return ElectricityMapsStatus(zone=asked.zone, asked_at=now, ask_again_at=again, reading=reading, failure=failure)


def with_the_grid(profile: CostProfile, told: ElectricityMapsStatus, now: datetime) -> CostProfileStatus:
    """The profile's status with what was heard, and the conditions that follow from it; the others stay."""
    status = profile.status.model_copy(update={"electricity_maps": told})
    ours = grid_conditions(profile.model_copy(update={"status": status}), now)
    others = [each for each in status.conditions if each.type not in _OURS]
    merged = merge_conditions(status.conditions, [*as_conditions(profile, ours, now), *others])
    return status.model_copy(update={"conditions": merged, "updated_at": now})


def grid_conditions(profile: CostProfile, now: datetime) -> list[Told]:
    """Whether predictions can be made by the profile, and, where it asks, whether Electricity Maps' figure counts."""
    asked, found = profile.spec.grid.electricity_maps, intensity_of(profile, now)
    told = [] if asked is None else [_current(asked, profile.status.electricity_maps, found, now)]
    if not isinstance(found, Failure):
        return [(ConditionType.READY, "True", "Usable", "predictions can be made by it"), *told]
    stuck = found.reason == UNKNOWN_ZONE or found.reason in NEEDS_PEOPLE
    kind = ConditionType.STALLED if stuck else ConditionType.RECONCILING
    return [(name, state, found.reason, found.message) for name, state in _not_ready(kind)] + told


def as_conditions(profile: CostProfile, told: Iterable[Told], now: datetime) -> list[Condition]:
    """Conditions of a profile, each as if it were new."""
    return [
        Condition(
            type=kind,
            status=state,
            reason=reason,
            message=message,
            last_transition_time=now,
            observed_generation=profile.metadata.generation,
        )
        for kind, state, reason, message in told
    ]


def _not_ready(why: ConditionType) -> list[tuple[str, State]]:
    return [(ConditionType.READY, "False"), (why, "True")]


def _current(
    asked: ElectricityMaps, told: ElectricityMapsStatus | None, found: CarbonIntensity | Failure, now: datetime
) -> Told:
    reading = latest(asked, told, now)
    if isinstance(found, Failure):
        meanwhile = "until then nothing can be predicted"
    else:
        meanwhile = f"{format_decimal(found.grams_per_kwh)} gCO2e/kWh count ({found.source})"
    if isinstance(reading, Failure):
        return GRID_CURRENT, "False", reading.reason, f"{reading.message}; {meanwhile}"
    assert told is not None  # else nothing could have been read
    missed = f"; since then {told.failure.message}" if told.failure is not None else ""
    return GRID_CURRENT, "True", "ElectricityMaps", f"{meanwhile}{missed}"
