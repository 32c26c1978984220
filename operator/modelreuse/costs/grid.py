"""Carbon intensity of electricity by zone, for sites that don't bring a figure of their own.

grid.csv is written by `make grid-table`; docs/grid.md tells its sources and their licences. A zone that it doesn't list
is an error: a world average in its place would be a figure about nowhere. What Electricity Maps tells comes in as a
value, by `at_intensity`.
"""

import csv
from functools import cache
from importlib.resources import files

from modelreuse.api import CarbonIntensity, CostProfileSpec, Grid, shortened

_ROOM = 64
"""Letters of a source that are repeated with its figure."""


class UnknownZoneError(ValueError):
    """No intensity is known for a zone; the sentence begins with the field."""


def with_intensity(profile: CostProfileSpec) -> CostProfileSpec:
    """The profile with the grid's location-based intensity, its source and year, where it names a zone only.

    One that asks Electricity Maps stays without where the zone isn't listed. Raises UnknownZoneError.
    """
    grid = profile.grid
    if grid.location_grams_per_kwh is not None or (grid.electricity_maps and grid.zone not in _table()):
        return profile
    # A site's own source and year are those of its market-based figure.
    whole = {**_listed(grid.zone), **grid.to_wire()}
    return profile.model_copy(update={"grid": Grid.model_validate(whole)})


def at_intensity(profile: CostProfileSpec, intensity: CarbonIntensity) -> CostProfileSpec:
    """The profile with this location-based intensity, whatever its own is."""
    grid = profile.grid.model_copy(update={"location_grams_per_kwh": intensity.grams_per_kwh})
    return profile.model_copy(update={"grid": grid})


def listed_intensity(grid: Grid) -> CarbonIntensity:
    """The site's own figure, else what is listed for its zone. Raises UnknownZoneError."""
    own = grid.location_grams_per_kwh
    row = _listed(grid.zone) if own is None else grid.to_wire()
    source = f"{shortened(str(row['source']), _ROOM)}, {row['year']}"
    return CarbonIntensity.model_validate({"grams_per_kwh": row["locationGramsPerKwh"], "source": source})


def location_intensity(grid: Grid) -> float:
    """gCO2e per kWh, average of the grid: the site's figure, else what is listed. Raises UnknownZoneError."""
    own = grid.location_grams_per_kwh
    return float(_listed(grid.zone)["locationGramsPerKwh"] if own is None else own)


def _listed(zone: str) -> dict[str, str | int]:
    found = _table().get(zone)
    if found is None:
        raise UnknownZoneError(
            f"spec.grid.zone: no carbon intensity is listed for {zone!r}; give a country as FRA, a state of the USA as "
            "US-CA, or the site's own locationGramsPerKwh with source and year"
        )
    return found


@cache
def _table() -> dict[str, dict[str, str | int]]:
    lines = (files(__package__) / "grid.csv").read_text(encoding="utf-8").splitlines()
    return {
        row["zone"]: {
            "zone": row["zone"],
            "locationGramsPerKwh": row["gramsPerKwh"],
            "source": row["source"],
            "year": int(row["year"]),
        }
        for row in csv.DictReader(lines)
    }
