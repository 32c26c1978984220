"""The published figures behind the table.

CodeCarbon (MIT) repackages two public data sets, and names year and unit of every figure:
- Our World in Data, carbon intensity of electricity by country (CC BY 4.0; from Ember and the Energy Institute), as
  gCO2e/kWh over the life cycle.
- US EPA eGRID, annual CO2e total output emission rate by state (public domain), as lb/MWh at the stacks.
What it holds besides (provinces of Canada and China, bidding zones of the Nordic countries) is left out: shares of
fuels from which an intensity would have to be derived, CO2 without other gases, or no stated licence.
"""

import json
from pathlib import Path

from grid.table import Figure

GRAMS_PER_POUND = 453.59237
OLDEST = 2020
"""Figures of earlier years are left out: a grid changes, and no figure is better than a wrong one."""


def figures(folder: Path) -> list[Figure]:
    """All zones, sorted, of CodeCarbon's folder `data/private_infra`. Raises OSError, KeyError, ValueError."""
    found = [*_countries(folder / "global_energy_mix.json"), *_states(folder / "2023/usa_emissions.json")]
    # Over the life cycle no electricity is free of emissions: a zero is a gap in the data.
    return sorted(figure for figure in found if figure.year >= OLDEST and figure.grams_per_kwh > 0)


def _countries(file: Path) -> list[Figure]:
    source = "Our World in Data"
    return [
        Figure(zone, str(entry["country_name"]), int(entry["year"]), float(entry["carbon_intensity"]), source)
        for zone, entry in json.loads(file.read_text()).items()
        if len(zone) == 3
    ]


def _states(file: Path) -> list[Figure]:
    entries = json.loads(file.read_text())
    unit, source = entries.pop("_unit")["emissions"], entries.pop("_source")
    if unit != "lbs/MWh":
        raise ValueError(f"{file.name}: emissions are in {unit!r}; lbs/MWh was expected")
    return [
        Figure(
            f"US-{entry['regionCode']}",
            name.title(),
            int(source["year"]),
            float(entry["emissions"]) * GRAMS_PER_POUND / 1000,
            f"US EPA eGRID{source['year']}",
        )
        for name, entry in entries.items()
    ]
