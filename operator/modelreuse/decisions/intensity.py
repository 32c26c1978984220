"""The grid's carbon intensity that a prediction is made by, and that it stays the prediction's own.

Electricity Maps tells another figure every hour, and people think for longer than that. So a prediction keeps the
figure that it was made by, and pilots, budgets and charges go by the prediction's. What is told meanwhile is for later
assessments. Why: docs/decisions/018-electricity-maps.md.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from modelreuse.api import (
    CarbonIntensity,
    CostProfile,
    ElectricityMaps,
    ElectricityMapsStatus,
    Failure,
    GridReading,
    ModelReuseCheckStatus,
    Unheard,
)
from modelreuse.costs import UnknownZoneError, listed_intensity
from modelreuse.decisions.observed import Observed
from modelreuse.decisions.policies import UNKNOWN_ZONE, Rules

FRESH = timedelta(hours=24)
"""A mean of a day is used for the day after it, and no longer."""


def by_the_grid(
    observed: Observed, status: ModelReuseCheckStatus, rules: Rules | Failure, now: datetime
) -> Rules | Failure:
    """The rules with the intensity that the check's carbon goes by; why there are none, where that is unknown.

    It is the prediction's own, until another profile takes that prediction's place; which no profile does once somebody
    has decided.
    """
    if isinstance(rules, Failure):
        return rules
    made, decided = status.prediction, status.retraining is not None
    if made and made.carbon_intensity and (decided or made.cost_profile_sha256 == rules.profile_sha256):
        return replace(rules, intensity=made.carbon_intensity)
    name = rules.profile.metadata.name
    found = intensity_of(observed.profiles[name], now)
    if isinstance(found, Failure):
        return Failure(reason=found.reason, message=f"CostProfile {name}: {found.message}")
    return replace(rules, intensity=found)


def intensity_of(profile: CostProfile, now: datetime) -> CarbonIntensity | Failure:
    """What a prediction that is made now goes by, or why nothing is known to go by."""
    grid = profile.spec.grid
    listed = _listed(profile)
    if grid.electricity_maps is None:
        return listed
    told = latest(grid.electricity_maps, profile.status.electricity_maps, now)
    if isinstance(told, GridReading):
        return CarbonIntensity(grams_per_kwh=told.grams_per_kwh, source=_source(grid.electricity_maps.zone, told))
    if isinstance(listed, Failure):
        return Failure(reason=told.reason, message=f"{told.message}; {listed.message}")
    return CarbonIntensity(grams_per_kwh=listed.grams_per_kwh, source=f"{listed.source}; {told.reason}")


def latest(asked: ElectricityMaps, told: ElectricityMapsStatus | None, now: datetime) -> GridReading | Failure:
    """What Electricity Maps has told of the zone, or why nothing that it told counts now."""
    unasked = Failure(reason=Unheard.NOT_ASKED, message=f"Electricity Maps wasn't asked about {asked.zone} yet")
    if told is None or told.zone != asked.zone:
        return unasked
    last = told.reading
    if last is not None and now - last.ends_at <= FRESH:
        return last
    if last is None or told.failure is not None:
        return told.failure or unasked
    message = f"the latest hour of {told.zone} that Electricity Maps knows ended at {last.ends_at:%Y-%m-%dT%H:%M:%SZ}"
    return Failure(reason=Unheard.OUTDATED, message=f"{message}, more than a day ago")


def _listed(profile: CostProfile) -> CarbonIntensity | Failure:
    try:
        return listed_intensity(profile.spec.grid)
    except UnknownZoneError as error:
        return Failure(reason=UNKNOWN_ZONE, message=str(error))


def _source(zone: str, reading: GridReading) -> str:
    estimated = f", {reading.estimated_hours} estimated" if reading.estimated_hours else ""
    return f"Electricity Maps, {zone}, life cycle: {reading.hours} h to {reading.ends_at:%Y-%m-%dT%H:%MZ}{estimated}"
