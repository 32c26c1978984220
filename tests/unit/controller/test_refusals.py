from datetime import UTC, datetime, timedelta

from modelreuse.api import Failure
from modelreuse.controller.key import Key
from modelreuse.controller.refusals import Refusals
from modelreuse.decisions import Refusal

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
A, B = Key("team", "a"), Key("team", "b")
QUOTA = Failure(reason="Forbidden", message="exceeded quota")


def refused(*names: str) -> Refusals:
    refusals = Refusals()
    for name in names:
        refusals.remember(A, name, QUOTA, NOON)
    return refusals


def test_a_refusal_is_known_by_check_and_object_with_its_time() -> None:
    assert refused("mrc-1").of(A) == {"mrc-1": Refusal(QUOTA, NOON)}
    assert refused("mrc-1").of(B) == {}


def test_the_last_refusal_of_an_object_counts() -> None:
    refusals = refused("mrc-1")
    refusals.remember(A, "mrc-1", QUOTA, NOON + timedelta(minutes=1))
    assert refusals.of(A)["mrc-1"].at == NOON + timedelta(minutes=1)


def test_an_object_that_appears_was_not_refused() -> None:
    refusals = refused("mrc-1", "mrc-2")
    refusals.appeared(A, "mrc-1")
    refusals.appeared(B, "mrc-2")
    assert refusals.of(A).keys() == {"mrc-2"}


def test_what_is_no_longer_asked_for_is_forgotten() -> None:
    refusals = refused("mrc-1", "mrc-2")
    refusals.keep(A, {"mrc-2", "mrc-3"})
    assert refusals.of(A).keys() == {"mrc-2"}


def test_a_check_that_is_gone_leaves_nothing() -> None:
    refusals = refused("mrc-1")
    refusals.forget(A)
    assert refusals.of(A) == {}
