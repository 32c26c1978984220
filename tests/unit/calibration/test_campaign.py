"""Which runs there are, and that whatever part of them is run is balanced."""

from collections import Counter
from collections.abc import Iterable, Sequence

import pytest

from modelreuse.api import Action, TrainingAction
from modelreuse.calibration import Run, campaign, usual_size
from modelreuse.calibration.mechanisms import SEVERITIES

ACTIONS: tuple[TrainingAction, ...] = (Action.FINE_TUNE, Action.RETRAIN, Action.TRAIN_FROM_SCRATCH)
SIZES = pytest.mark.parametrize("size", [(8, 2), (5, 2), (8, 3), (3, 3), (4, 1), (1, 3)], ids=str)


def runs(mechanisms: int, actions: Sequence[TrainingAction], seed: int = 0) -> tuple[Run, ...]:
    return campaign([f"m{number}" for number in range(mechanisms)], actions, seed)


def spread(seen: Iterable[object], possible: Iterable[object]) -> int:
    """How much more often the most frequent came than the rarest."""
    counts = Counter(seen)
    of_each = [counts[level] for level in possible]
    return max(of_each) - min(of_each)


@SIZES
def test_every_mechanism_severity_and_action_comes_once(size: tuple[int, int]) -> None:
    every = runs(size[0], ACTIONS[: size[1]])
    assert len(every) == len(set(every)) == size[0] * len(SEVERITIES) * size[1]


@SIZES
def test_any_beginning_is_balanced(size: tuple[int, int]) -> None:
    mechanisms, actions = size[0], ACTIONS[: size[1]]
    every = runs(mechanisms, actions)
    for end in range(1, len(every) + 1):
        begun = every[:end]
        assert spread((run.mechanism for run in begun), {run.mechanism for run in every}) <= 1
        assert spread((run.action for run in begun), actions) <= 2
        assert spread((run.severity for run in begun), SEVERITIES) <= 2


def test_no_action_has_a_severity_of_its_own() -> None:
    half = runs(8, ACTIONS[:2])[:24]
    pairs = {(severity, action) for severity in SEVERITIES for action in ACTIONS[:2]}
    assert spread(((run.severity, run.action) for run in half), pairs) <= 1


def test_the_seed_decides_the_order_and_nothing_else() -> None:
    first, second = runs(8, ACTIONS[:2], seed=0), runs(8, ACTIONS[:2], seed=1)
    assert first != second
    assert set(first) == set(second)
    assert first == runs(8, ACTIONS[:2], seed=0)


@pytest.mark.parametrize(("mechanisms", "every", "size"), [(8, 48, 32), (5, 30, 30), (1, 6, 6), (8, 24, 24)])
def test_as_many_as_scores_take_are_usual_in_whole_rounds(mechanisms: int, every: int, size: int) -> None:
    assert usual_size(mechanisms, every) == size
