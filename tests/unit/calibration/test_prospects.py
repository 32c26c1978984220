"""What is said of records once there are some."""

from collections.abc import Mapping

import pytest

from modelreuse.api import Outcome, RetrainingRecordSpec
from modelreuse.calibration import Recorded, doubt, prospects, together


def record(mechanism: str = "noise", *, outcome: Mapping[str, object] | None = None, **changes: object) -> Recorded:
    spec = {"source": "Imported", "action": "Retrain", "model": "m", "recipe": "adam", "maxSteps": 100, "target": "0.9"}
    ended = {"finishedAt": "2026-01-01T00:00:00Z", "result": "Succeeded", "steps": 40, "targetReached": True}
    return Recorded(
        RetrainingRecordSpec.model_validate(spec | {"mechanism": mechanism, "samples": 300} | changes),
        Outcome.model_validate(ended | (outcome or {})),
    )


FAILED = record(outcome={"result": "Failed", "steps": None, "targetReached": None})
MISSED = record(outcome={"steps": 100, "targetReached": False})


def test_each_recipe_and_action_is_counted_by_itself() -> None:
    found = prospects([record(), MISSED, FAILED, record(action="FineTune"), record(recipe="sgd")])
    assert [(each.recipe, each.action, each.records, each.reached) for each in found] == [
        ("adam", "FineTune", 1, 1),
        ("adam", "Retrain", 2, 1),
        ("sgd", "Retrain", 1, 1),
    ]


@pytest.mark.parametrize(
    ("count", "means"), [(1, "no point yet: 4 more help"), (4, "no point yet: 1 more help"), (5, "a point")]
)
def test_five_of_a_recipe_and_action_are_a_point(count: int, means: str) -> None:
    assert prospects([record()] * count)[0].means == means


def test_thirty_in_all_are_slopes_and_four_kinds_a_tested_interval() -> None:
    kinds = ["noise", "blur", "gain", "offset"]
    few = together([record(kind) for kind in kinds[:3]])
    assert few == (
        "3 records of 3 kinds of shift: intervals of at least a factor of 6 either way; 27 more for slopes on scores; "
        "intervals tested from 1 kind more on"
    )
    enough = together([record(kinds[number % 4]) for number in range(30)])
    assert enough == "30 records of 4 kinds of shift: slopes on scores; intervals tested on kinds that were left out"


def test_failed_ones_teach_nothing() -> None:
    assert together([FAILED, record()]).startswith("1 record of 1 kind of shift")


def verified(quality: str, **outcome: object) -> Recorded:
    return record(outcome={"newQuality": quality, **outcome})


def test_a_trainer_that_says_it_met_what_held_out_samples_deny_is_doubted() -> None:
    assert doubt([verified("0.2")] * 2 + [verified("0.95")] * 2) is not None
    assert "in 2 of 4 runs" in str(doubt([verified("0.2")] * 2 + [verified("0.95")] * 2))


def test_chance_few_runs_and_honest_misses_raise_no_doubt() -> None:
    assert doubt([verified("0.85")] * 9) is None
    assert doubt([verified("0.2")] * 2) is None
    assert doubt([verified("0.2", targetReached=False)] * 9) is None
    assert doubt([verified("0.2")] + [verified("0.95")] * 2) is None
    assert doubt([record()] * 9) is None
