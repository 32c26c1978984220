"""Data that change between offer and launch: the retraining ends before the trainer begins, and says which data."""

from dataclasses import dataclass

import pytest

from e2e.team import Seen, Team
from e2e.town import Town


@dataclass(frozen=True)
class Change:
    """The state after the end."""

    town: Town
    team: Team
    seen: Seen


def change(town: Town) -> Change:
    team = Team.gather(town, "changed", labels={"environment": "production"})
    team.request(team.example())
    team.offered()
    with (team.folder / "data" / "line7.npz").open("ab") as file:
        file.write(b"one byte more")
    team.approve()
    return Change(town, team, team.ended())


pytestmark = pytest.mark.story.with_args(change)


def test_the_condition_names_the_data_that_changed(end: Change):
    assert end.seen.condition("Retrained") == ("False", "InputsChanged")
    assert end.seen.message("Retrained").startswith("spec.data.new.uri: 'pvc://data/line7.npz': holds sha256:")
    assert end.seen.condition("PromotionAllowed") == ("False", "RetrainingFailed")


def test_the_trainer_never_began(end: Change):
    (pod,) = end.seen.pods["retraining"]
    (first,) = pod["status"]["initContainerStatuses"]

    assert first["state"]["terminated"]["exitCode"] == 3
    assert "startedAt" not in str(pod["status"]["containerStatuses"])
    assert list((end.team.folder / "candidates").iterdir()) == []


def test_it_had_its_one_try(end: Change):
    (record,) = end.seen.records

    assert record["outcome"]["result"] == "Failed"
    assert len(end.town.created_jobs("changed", "retraining")) == 1
