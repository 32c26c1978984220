from datetime import UTC, datetime

from modelreuse.api import Failure
from modelreuse.controller.key import Key
from modelreuse.controller.refusals import REMEMBERED, Refusals
from modelreuse.decisions.plan import RETRY_AFTER

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
A, B = Key("team", "a"), Key("team", "b")
QUOTA = Failure(reason="Forbidden", message="exceeded quota")


def test_a_refusal_is_known_by_check_and_object() -> None:
    refusals = Refusals()
    refusals.remember(A, "mrc-1", QUOTA, NOON)
    assert refusals.of(A, NOON) == {"mrc-1": QUOTA}
    assert refusals.of(A, NOON) == {"mrc-1": QUOTA}
    assert refusals.of(B, NOON) == {}


def test_a_refusal_is_forgotten_after_a_while() -> None:
    refusals = Refusals()
    refusals.remember(A, "mrc-1", QUOTA, NOON)
    assert refusals.of(A, NOON + REMEMBERED) == {}


def test_it_is_forgotten_by_the_time_when_the_rules_look_again() -> None:
    assert REMEMBERED < RETRY_AFTER


def test_a_check_that_is_gone_leaves_nothing() -> None:
    refusals = Refusals()
    refusals.remember(A, "mrc-1", QUOTA, NOON)
    refusals.forget(A)
    assert refusals.of(A, NOON) == {}
