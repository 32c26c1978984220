"""Input that nobody can assess: the check says so in the worker's own words, and nothing is tried again."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from demo.figures import condition
from e2e import tiny
from e2e.team import Seen, Team
from e2e.town import Town

Spoil = Callable[[Team], dict[str, str]]


def missing_file(team: Team) -> dict[str, str]:
    return {"new": "nothing.npz"}


def truncated_archive(team: Team) -> dict[str, str]:
    whole = (team.folder / "data" / "now.npz").read_bytes()
    (team.folder / "data" / "cut.npz").write_bytes(whole[: len(whole) // 2])
    return {"new": "cut.npz"}


def weights_that_need_a_pickle(team: Team) -> dict[str, str]:
    (team.folder / "models" / "pickled.pt2").write_bytes(team.town.pickled_model)
    return {"model": "pickled.pt2"}


def nan_inputs(team: Team) -> dict[str, str]:
    tiny.save(team.folder / "data" / "nan.npz", np.full((tiny.ROWS, 4), np.nan, dtype=np.float32))
    return {"new": "nan.npz"}


def assess(spoil: Spoil, town: Town) -> Seen:
    name = spoil.__name__.replace("_", "-")
    team = Team.gather(town, name, labels={})
    tiny.fill(team, town.tiny_model)
    team.request(tiny.smallest(team, name, **spoil(team)))
    team.until(name, lambda check: condition(check, "Stalled")["status"] == "True")
    return team.see(name)


REASONS = {
    missing_file: "FileNotFound",
    truncated_archive: "ArchiveDamaged",
    weights_that_need_a_pickle: "NeedsPickle",
    nan_inputs: "InputsNotFinite",
}


@pytest.mark.parametrize(
    "reason",
    [
        pytest.param(reason, id=spoil.__name__, marks=pytest.mark.story.with_args(partial(assess, spoil)))
        for spoil, reason in REASONS.items()
    ],
)
def test_the_condition_says_exactly_the_workers_sentence(reason: str, end: Seen):
    told = end.answer("assessment")["error"]

    assert end.condition("Assessed") == ("False", reason)
    assert told["reason"] == reason
    assert end.message("Assessed") == told["message"]
    assert end.message("Stalled") == told["message"]
    assert end.condition("Ready") == ("False", reason)
    assert len(end.jobs["assessment"]) == 1
