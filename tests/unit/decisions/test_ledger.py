"""The ledger's arithmetic: what counts, until when, and that making it shorter frees nothing early."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from modelreuse.api import MAX_CHARGES, MAX_RESERVATIONS, Budget, Charge, Reservation, RetrainPolicyStatus, Spending
from modelreuse.decisions import ledger

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
BUDGET = Budget(window="10h", energy_kwh=Decimal(10), money=Decimal(100))


def spending(energy: str, money: str = "0") -> Spending:
    return Spending(pod_seconds=Decimal(1), energy_kwh=Decimal(energy), carbon_kg=Decimal(0), money=Decimal(money))


def charge(energy: str, *, hours_ago: float = 0, namespace: str = "a") -> Charge:
    at = NOW - timedelta(hours=hours_ago)
    return Charge.model_validate(dict(spending(energy)) | {"namespace": namespace, "at": at})


def reservation(energy: str, record: str = "mrc-1", namespace: str = "a") -> Reservation:
    known = {"namespace": namespace, "check": "c", "record": record, "at": NOW}
    return Reservation.model_validate(dict(spending(energy)) | known)


def test_reservations_count_whatever_their_age_and_charges_until_the_window_has_passed() -> None:
    book = RetrainPolicyStatus(
        reservations=[reservation("1"), reservation("16", namespace="b")],
        charges=[charge("2", hours_ago=9.9), charge("4", hours_ago=10), charge("8", hours_ago=-1)],
    )
    assert ledger.used(book, BUDGET, "a", NOW).energy_kwh == 11
    assert ledger.used(book, BUDGET, "b", NOW).energy_kwh == 16


@pytest.mark.parametrize(
    ("already", "needed", "unit"),
    [
        (spending("4"), spending("6"), None),
        (spending("4"), spending("6.00001"), "energy_kwh"),
        (spending("0", "50"), spending("0", "51"), "money"),
        (spending("10"), spending("0"), None),
    ],
)
def test_what_just_fits_fits(already: Spending, needed: Spending, unit: str | None) -> None:
    assert ledger.excess(BUDGET, already, needed) == unit


def test_there_is_room_when_enough_has_left_the_window() -> None:
    book = RetrainPolicyStatus(charges=[charge("4", hours_ago=9), charge("5", hours_ago=3)])
    assert ledger.room_from(book, BUDGET, "a", spending("5")) == NOW + timedelta(hours=1)
    assert ledger.room_from(book, BUDGET, "a", spending("6")) == NOW + timedelta(hours=7)


def test_nobody_knows_when_reservations_will_make_room() -> None:
    book = RetrainPolicyStatus(reservations=[reservation("8")], charges=[charge("1", hours_ago=9)])
    assert ledger.room_from(book, BUDGET, "a", spending("3")) is None


def test_what_another_namespace_has_used_makes_no_room_when_it_leaves() -> None:
    book = RetrainPolicyStatus(charges=[charge("9", hours_ago=9, namespace="b"), charge("8", hours_ago=3)])
    assert ledger.room_from(book, BUDGET, "a", spending("5")) == NOW + timedelta(hours=7)


def test_a_reservation_is_found_by_namespace_and_record() -> None:
    book = RetrainPolicyStatus(reservations=[reservation("1")])
    assert ledger.reservation_of(book, "a", "mrc-1") == reservation("1")
    assert ledger.reservation_of(book, "b", "mrc-1") is None
    assert ledger.released(book, "b", "mrc-1") == book
    assert ledger.released(book, "a", "mrc-1") == RetrainPolicyStatus()


def test_charges_that_have_left_the_window_are_forgotten_at_the_next_one() -> None:
    book = RetrainPolicyStatus(charges=[charge("1", hours_ago=10), charge("2", hours_ago=9)])
    assert [each.energy_kwh for each in ledger.charged(book, charge("3"), BUDGET).charges] == [2, 3]
    assert len(ledger.charged(book, charge("3"), None).charges) == 3


def test_nothing_is_noted_where_nothing_was_used() -> None:
    assert ledger.charged(RetrainPolicyStatus(), charge("0"), BUDGET).charges == []


def test_a_full_ledger_merges_the_closest_two_of_one_namespace_at_the_later_time() -> None:
    others = [charge("1", namespace=f"n{number}") for number in range(MAX_CHARGES - 3)]
    book = RetrainPolicyStatus(
        charges=[*others, charge("1", hours_ago=8), charge("2", hours_ago=5), charge("4", hours_ago=4)]
    )
    after = ledger.charged(book, charge("8"), BUDGET)
    own = sorted((each.at, each.energy_kwh) for each in after.charges if each.namespace == "a")
    assert own == [
        (NOW - timedelta(hours=8), 1),
        (NOW - timedelta(hours=4), 6),
        (NOW, 8),
    ]
    assert len(after.charges) == MAX_CHARGES


def test_a_ledger_is_full_when_the_charges_to_come_would_not_find_a_place() -> None:
    book = RetrainPolicyStatus(charges=[charge("1", namespace=f"n{number}") for number in range(MAX_CHARGES)])
    assert ledger.is_full(book, "one-more")
    assert not ledger.is_full(book, "n7")
    with pytest.raises(ValueError, match="full"):
        ledger.reserved(book, reservation("1", namespace="one-more"))


def test_a_ledger_is_full_when_there_is_no_place_for_a_reservation() -> None:
    held = [reservation("1", f"mrc-{number}") for number in range(MAX_RESERVATIONS)]
    assert ledger.is_full(RetrainPolicyStatus(reservations=held), "a")
    assert not ledger.is_full(RetrainPolicyStatus(reservations=held[1:]), "a")
