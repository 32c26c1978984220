"""Carbon intensity of electricity by zone, for sites that don't bring a figure of their own.

grid.csv is written by `make grid-table`; docs/grid.md tells its sources and their licences. A zone that it doesn't list
is an error: a world average in its place would be a figure about nowhere.
"""

import csv
from functools import cache
from importlib.resources import files

from modelreuse.api import CostProfileSpec, Grid


class UnknownZoneError(ValueError):
    """No intensity is known for a zone; the sentence begins with the field."""


def with_intensity(profile: CostProfileSpec) -> CostProfileSpec:
    """The profile with the grid's location-based intensity, its source and year, where it names a zone only.

    Raises UnknownZoneError.
    """
    if profile.grid.location_grams_per_kwh is not None:
        return profile
    # A site's own source and year are those of its market-based figure.
    whole = {**_listed(profile.grid.zone), **profile.grid.to_wire()}
    return profile.model_copy(update={"grid": Grid.model_validate(whole)})


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
