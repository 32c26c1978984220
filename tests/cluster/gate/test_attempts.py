"""The table of attempts to walk around the gate: each is refused in the right words, and its legal twin works."""

import pytest

from cluster.gate.attempt import Attempt
from cluster.gate.attempts import ALL
from cluster.gate.scene import Scene

_by_id = pytest.mark.parametrize("attempt", ALL, ids=[attempt.id for attempt in ALL])


@_by_id
def test_bypass_is_refused(attempt: Attempt, scene: Scene) -> None:
    attempt.is_refused(scene)


@_by_id
def test_legal_twin_works(attempt: Attempt, scene: Scene) -> None:
    attempt.twin_works(scene)


def test_every_attempt_has_a_name_of_its_own() -> None:
    assert len({attempt.id for attempt in ALL}) == len(ALL)
