"""The shipped table of carbon intensities: found by zone, never guessed, and the same as its sources say."""

import csv
import json
from decimal import Decimal
from pathlib import Path

import pytest

from grid.sources import figures
from grid.table import Figure, write
from modelreuse.api import CostProfileSpec
from modelreuse.costs import UnknownZoneError, with_intensity
from modelreuse.costs.grid import location_intensity

TABLE = Path(__file__).parents[3] / "operator/modelreuse/costs/grid.csv"


def profile(**grid: object) -> CostProfileSpec:
    cpu = {"name": "any", "powerWatts": "5", "source": "a guess"}
    return CostProfileSpec.model_validate({"cpus": [cpu], "grid": grid})


@pytest.mark.parametrize(("zone", "grams"), [("FRA", "56.04"), ("IND", "713.4"), ("US-CA", "179.1")])
def test_a_zone_alone_has_the_intensity_of_the_table(zone: str, grams: str) -> None:
    grid = with_intensity(profile(zone=zone)).grid
    assert grid.location_grams_per_kwh == Decimal(grams)
    assert grid.source
    assert grid.year == 2023


def test_the_sites_own_figure_counts_before_the_tables() -> None:
    own = profile(zone="FRA", locationGramsPerKwh="12", source="grid operator", year=2026)
    assert with_intensity(own) == own
    assert location_intensity(own.grid) == 12


def test_a_contract_adds_to_what_the_table_says() -> None:
    grid = with_intensity(profile(zone="FRA", marketGramsPerKwh="0", source="contract", year=2026)).grid
    assert (grid.location_grams_per_kwh, grid.market_grams_per_kwh) == (Decimal("56.04"), 0)
    assert (grid.source, grid.year) == ("contract", 2026)


@pytest.mark.parametrize("zone", ["", "Atlantis", "fra", "FR", "DE-BY"])
def test_an_unknown_zone_is_an_error_that_says_what_would_be_known(zone: str) -> None:
    with pytest.raises(UnknownZoneError, match=r"^spec\.grid\.zone: .*country as FRA.*locationGramsPerKwh") as refusal:
        with_intensity(profile(zone=zone))
    assert repr(zone) in str(refusal.value)


@pytest.mark.parametrize("own", [{"locationGramsPerKwh": "1"}, {"marketGramsPerKwh": "1", "source": "contract"}])
def test_a_figure_of_ones_own_needs_source_and_year(own: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="need source and year"):
        profile(zone="FRA", **own)


def test_no_line_of_the_table_is_without_a_figure_a_source_or_a_late_year() -> None:
    with TABLE.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len({row["zone"] for row in rows}) == len(rows) > 250
    assert all(0 < float(row["gramsPerKwh"]) < 1500 for row in rows)
    assert all(int(row["year"]) >= 2020 and row["source"] and row["name"] for row in rows)


@pytest.fixture
def published(tmp_path: Path) -> Path:
    countries = {
        "FRA": {"country_name": "France", "year": 2023, "carbon_intensity": 56.039},
        "OLD": {"country_name": "Long ago", "year": 2009, "carbon_intensity": 500.0},
        "GAP": {"country_name": "No data", "year": 2022, "carbon_intensity": 0.0},
        "OWID_WRL": {"country_name": "World", "year": 2023, "carbon_intensity": 480.0},
    }
    states = {
        "_unit": {"emissions": "lbs/MWh"},
        "_source": {"year": 2023},
        "new york": {"emissions": 1000, "regionCode": "NY"},
    }
    (tmp_path / "2023").mkdir()
    (tmp_path / "global_energy_mix.json").write_text(json.dumps(countries))
    (tmp_path / "2023/usa_emissions.json").write_text(json.dumps(states))
    return tmp_path


def test_pounds_become_grams_and_gaps_and_old_figures_are_left_out(published: Path, tmp_path: Path) -> None:
    write(tmp_path / "grid.csv", figures(published))
    assert (tmp_path / "grid.csv").read_text().splitlines() == [
        "zone,name,year,gramsPerKwh,source",
        "FRA,France,2023,56.04,Our World in Data",
        "US-NY,New York,2023,453.6,US EPA eGRID2023",
    ]
    assert figures(published)[0] == Figure("FRA", "France", 2023, 56.039, "Our World in Data")


def test_states_in_another_unit_are_not_taken(published: Path) -> None:
    file = published / "2023/usa_emissions.json"
    file.write_text(file.read_text().replace("lbs/MWh", "kg/MWh"))
    with pytest.raises(ValueError, match=r"usa_emissions\.json: emissions are in 'kg/MWh'"):
        figures(published)
