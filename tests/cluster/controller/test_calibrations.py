"""What becomes of predictions stands in the CostProfile's status, on a real API server."""

from datetime import UTC, datetime

import pytest

from cluster.controller.looks import Looks
from cluster.controller.team import OURS, Team
from cluster.person import Object
from modelreuse.controller.calibrations import Calibrations
from unit.costs.past import cost, record


def ended(team: Team, number: int, steps: int) -> None:
    """A retraining of the team's that was predicted with 50 to 200 steps."""
    one = record(number, steps, predicted=cost(50, 200, 100), namespace=team.namespace).to_wire()
    outcome = one.pop("outcome")
    reference = team.obj("RetrainingRecord", f"mrc-ended-{number}")
    team["operator"].create({**one, "metadata": reference["metadata"]})
    team["operator"].patch(reference, {"outcome": outcome})


def calibrated(profile: Object) -> tuple[str, str]:
    found = next(each for each in profile["status"]["conditions"] if each["type"] == "Calibrated")
    return found["status"], found["reason"]


@pytest.mark.parametrize(("steps", "said"), [(100, ("True", "Holds")), (900, ("False", "Drifted"))])
async def test_predictions_that_hold_or_do_not_are_told_once(
    looks: Looks, team: Team, steps: int, said: tuple[str, str]
) -> None:
    team.govern()
    for number in range(8):
        ended(team, number, steps)
    await looks.resync()
    calibrations = Calibrations(looks.client, looks.cache, lambda: datetime.now(UTC))
    await calibrations.tell()
    reference = {"apiVersion": OURS, "kind": "CostProfile", "metadata": {"name": team.namespace}}
    stored = team["admin"].get(reference)
    assert calibrated(stored) == said
    assert (stored["status"]["ownRecords"], stored["status"]["claims"]) == (8, 8)
    await calibrations.tell()
    await looks.resync()
    await calibrations.tell()
    assert team["admin"].get(reference)["metadata"]["resourceVersion"] == stored["metadata"]["resourceVersion"]
