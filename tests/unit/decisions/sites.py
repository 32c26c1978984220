"""CostProfiles that ask Electricity Maps, and what it has told of their zone."""

from datetime import datetime, timedelta
from typing import Any

from modelreuse.api import CostProfile, CostProfileStatus
from unit.decisions import scenes
from unit.decisions.scenes import NOW, Json

UNLISTED = {"zone": "hall-2"}
LISTED = {"zone": "FRA"}
OWN = {"zone": "hall-2", "locationGramsPerKwh": "48", "source": "own meter", "year": 2026}
REFUSED = {"reason": "ElectricityMapsKeyRefused", "message": "Electricity Maps answers HTTP 401"}


def reading(grams: str = "200", ends_at: datetime = NOW, **changes: Any) -> Json:
    """What was told."""
    told = {
        "gramsPerKwh": grams,
        "beginsAt": f"{ends_at - timedelta(hours=24):%Y-%m-%dT%H:%M:%SZ}",
        "endsAt": f"{ends_at:%Y-%m-%dT%H:%M:%SZ}",
        "hours": 24,
        "estimatedHours": 2,
    }
    return told | changes


def told(zone: str = "FR", **what: Any) -> Json:
    """An answer, or none, just now."""
    return {"zone": zone, "askedAt": f"{NOW:%Y-%m-%dT%H:%M:%SZ}", "askAgainAt": "2026-05-04T13:00:00Z"} | what


def site(grid: Json | None = None, **status: Any) -> CostProfile:
    """A site in France that asks; status: `electricityMaps` as `told`, or nothing."""
    asking = (UNLISTED if grid is None else grid) | {"electricityMaps": {"zone": "FR"}}
    profile = scenes.profile(grid=asking)
    return profile.model_copy(update={"status": CostProfileStatus.model_validate(status)})


def hearing(grams: str = "200", grid: Json | None = None, ends_at: datetime = NOW) -> CostProfile:
    """A site that has heard this figure."""
    return site(grid, electricityMaps=told(reading=reading(grams, ends_at)))
