"""What Electricity Maps tells stands in the CostProfile's status, on a real API server, and checks are priced by it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cluster.controller.looks import Looks
from cluster.controller.team import OURS, Team
from cluster.person import Object
from modelreuse.controller.calibrations import Calibrations
from modelreuse.controller.intensities import Intensities
from unit.cluster_client.fake_electricity_maps import KEY, day, electricity_maps


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(KEY)
    return path


def asking(team: Team) -> Object:
    """The team's profile, which asks from now on."""
    reference: Object = {"apiVersion": OURS, "kind": "CostProfile", "metadata": {"name": team.namespace}}
    return team["admin"].patch(reference, {"spec": {"grid": {"electricityMaps": {"zone": "FR"}}}})


async def test_both_who_write_a_profiles_status_leave_what_the_other_wrote(
    looks: Looks, team: Team, key_file: Path
) -> None:
    team.govern()
    profile = asking(team)
    await looks.resync()
    begins = now().replace(minute=0, second=0, microsecond=0)
    async with electricity_maps(answer=day(ends_with=begins)) as fake:
        intensities = Intensities(looks.client, looks.cache, fake.client, key_file, now)
        calibrations = Calibrations(looks.client, looks.cache, now)
        await intensities.ask()
        await calibrations.tell()
        await looks.resync()
        await intensities.ask()
        await calibrations.tell()
        assert len(fake.asked) == 1
    status = team["admin"].get(profile)["status"]
    assert status["electricityMaps"]["reading"]["gramsPerKwh"] == "50"
    assert {each["type"]: each["status"] for each in status["conditions"]} == {
        "Ready": "True",
        "GridIntensityCurrent": "True",
        "Calibrated": "Unknown",
    }
