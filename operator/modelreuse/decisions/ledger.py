"""The ledger of a budget: what is reserved, what was charged, and when it stops to count.

Arithmetic on one policy's status, without a word about checks. Whatever is cut short or merged here frees nothing
early: a ledger that had to be made smaller counts at least as much at any later time.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from modelreuse.api import (
    MAX_CHARGES,
    MAX_RESERVATIONS,
    Budget,
    Charge,
    Reservation,
    RetrainPolicyStatus,
    Spending,
)
from modelreuse.costs import NOTHING, total

UNITS = ("energy_kwh", "carbon_kg", "money")
"""The figures that a budget can bind."""


def reservation_of(ledger: RetrainPolicyStatus, namespace: str, record: str) -> Reservation | None:
    """What is reserved for the retraining that this record is about."""
    return next((each for each in ledger.reservations if (each.namespace, each.record) == (namespace, record)), None)


def used(ledger: RetrainPolicyStatus, budget: Budget, namespace: str, at: datetime) -> Spending:
    """What a namespace has used or reserved of a budget, as of `at`. Charges of the future count too: clocks differ."""
    window = timedelta(seconds=budget.window_seconds)
    reserved = (each for each in ledger.reservations if each.namespace == namespace)
    charged = (each for each in ledger.charges if each.namespace == namespace and at < each.at + window)
    return total(NOTHING, *reserved, *charged)


def excess(budget: Budget, already: Spending, needed: Spending) -> str | None:
    """The first unit of which the budget holds too little for both; None when there is room."""
    for unit in UNITS:
        limit: Decimal | None = getattr(budget, unit)
        if limit is not None and getattr(already, unit) + getattr(needed, unit) > limit:
            return unit
    return None


def room_from(ledger: RetrainPolicyStatus, budget: Budget, namespace: str, needed: Spending) -> datetime | None:
    """When enough charges will have left the window, if there is no room now; None where reservations are in the way.

    Nothing is charged anew until then, so at all times before there is no more room than now.
    """
    window = timedelta(seconds=budget.window_seconds)
    leaving = sorted(each.at + window for each in ledger.charges)
    rooms = (time for time in leaving if excess(budget, used(ledger, budget, namespace, time), needed) is None)
    return next(rooms, None)


def is_full(ledger: RetrainPolicyStatus, namespace: str) -> bool:
    """Whether one more reservation of this namespace, or the charge that follows from it, would find no place."""
    namespaces = {each.namespace for each in ledger.reservations} | {each.namespace for each in ledger.charges}
    return len(ledger.reservations) >= MAX_RESERVATIONS or len(namespaces | {namespace}) > MAX_CHARGES


def reserved(ledger: RetrainPolicyStatus, reservation: Reservation) -> RetrainPolicyStatus:
    """The ledger with one more reservation. Raises ValueError when it `is_full`."""
    if is_full(ledger, reservation.namespace):
        raise ValueError("reservations: the ledger is full")
    return ledger.model_copy(update={"reservations": [*ledger.reservations, reservation]})


def released(ledger: RetrainPolicyStatus, namespace: str, record: str) -> RetrainPolicyStatus:
    """The ledger without a reservation."""
    kept = [each for each in ledger.reservations if (each.namespace, each.record) != (namespace, record)]
    return ledger.model_copy(update={"reservations": kept})


def charged(ledger: RetrainPolicyStatus, charge: Charge, budget: Budget | None) -> RetrainPolicyStatus:
    """The ledger with one more charge, without those that have left the window; merged where it would be too long."""
    charges = list(ledger.charges)
    if budget is not None:
        window = timedelta(seconds=budget.window_seconds)
        charges = [each for each in charges if charge.at < each.at + window]
    if any(getattr(charge, unit) > 0 for unit in UNITS):
        charges.append(charge)
    while len(charges) > MAX_CHARGES:
        charges = _merged(charges)
    return ledger.model_copy(update={"charges": charges})


def _merged(charges: Iterable[Charge]) -> list[Charge]:
    """One fewer: the two of one namespace that are closest in time, at the later time."""
    ordered = sorted(charges, key=lambda each: (each.namespace, each.at))
    gaps = [
        (other.at - one.at, index)
        for index, (one, other) in enumerate(pairwise(ordered))
        if one.namespace == other.namespace
    ]
    _, first = min(gaps)
    one, other = ordered[first : first + 2]
    both = Charge.model_validate(dict(total(one, other)) | {"namespace": one.namespace, "at": other.at})
    return [*ordered[:first], both, *ordered[first + 2 :]]
