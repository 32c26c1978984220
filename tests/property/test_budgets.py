"""Budgets against a hostile world: many checks, two policies, crashes between any two writes, clocks that jump.

Each retraining follows the operator's protocol by the rules' own functions, on policies that it may have read long ago;
a write is refused when somebody was faster, as the API server does it.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from modelreuse.api import MAX_CHARGES, Budget, Charge, Reservation, RetrainPolicyStatus, Spending
from modelreuse.decisions import ledger

THOROUGH = settings.get_current_profile_name() == "thorough"
START = datetime(2026, 5, 4, tzinfo=UTC)
NAMESPACES = ["line7", "line8"]
BUDGETS = [
    Budget(window="24h", energy_kwh=Decimal(10)),
    Budget(window="72h", energy_kwh=Decimal(25), money=Decimal(20)),
]


def spending(energy: float, money: float = 0.0) -> Spending:
    amounts = {"energy_kwh": Decimal(repr(energy)), "money": Decimal(repr(money))}
    return Spending(pod_seconds=Decimal(1), carbon_kg=Decimal(0), **amounts)


@dataclass
class Launch:
    """One approved retraining, and what it read of each policy last."""

    namespace: str
    record: str
    needed: Spending
    read: list[tuple[int, RetrainPolicyStatus]] = field(default_factory=list)
    launched: bool = False
    due: Spending | None = None


class Books(RuleBasedStateMachine):
    """Two policies with budgets, and retrainings that want some of each."""

    @initialize()
    def begin(self) -> None:
        self.now = START
        self.stored: list[tuple[int, RetrainPolicyStatus]] = [(1, RetrainPolicyStatus()) for _ in BUDGETS]
        self.launches: list[Launch] = []
        self.spent: list[tuple[datetime, str, Spending]] = []
        """What retrainings have truly used, by when they ended."""

    def open(self) -> list[Launch]:
        return [each for each in self.launches if each.due is None]

    @rule(namespace=st.sampled_from(NAMESPACES), energy=st.floats(0.1, 9), money=st.floats(0, 9))
    def somebody_approves(self, namespace: str, energy: float, money: float) -> None:
        record = f"mrc-{len(self.launches)}"
        self.launches.append(Launch(namespace, record, spending(round(energy, 3), round(money, 3)), list(self.stored)))

    @precondition(lambda self: self.open())
    @rule(data=st.data())
    def somebody_looks(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from(self.open())).read = list(self.stored)

    @precondition(lambda self: self.open())
    @rule(data=st.data(), crash_after=st.integers(0, 3))
    def somebody_reserves(self, data: st.DataObject, crash_after: int) -> None:
        """By what it read last, however old; it may crash after some of the writes."""
        launch = data.draw(st.sampled_from(self.open()))
        if launch.launched:
            return
        new = Reservation.model_validate(
            dict(launch.needed) | {"namespace": launch.namespace, "check": "c", "record": launch.record, "at": self.now}
        )
        lacking = [
            index
            for index, (_, book) in enumerate(launch.read)
            if ledger.reservation_of(book, launch.namespace, launch.record) is None
        ]
        for index in lacking:
            book = launch.read[index][1]
            already = ledger.used(book, BUDGETS[index], launch.namespace, self.now)
            if ledger.excess(BUDGETS[index], already, new) or ledger.is_full(book, launch.namespace):
                return
        for index in lacking[:crash_after]:
            if not self.write(launch, index, ledger.reserved(launch.read[index][1], new)):
                return

    @precondition(lambda self: self.open())
    @rule(data=st.data())
    def somebody_launches(self, data: st.DataObject) -> None:
        """Only what holds all reservations in policies that were read just now."""
        launch = data.draw(st.sampled_from(self.open()))
        launch.read = list(self.stored)
        if all(ledger.reservation_of(book, launch.namespace, launch.record) for _, book in launch.read):
            launch.launched = True

    @precondition(lambda self: self.open())
    @rule(data=st.data(), share=st.floats(0, 1))
    def a_retraining_ends(self, data: st.DataObject, share: float) -> None:
        launch = data.draw(st.sampled_from(self.open()))
        if launch.launched:
            launch.due = spending(
                float(launch.needed.energy_kwh) * share * 0.9999, float(launch.needed.money) * share * 0.9999
            )
            self.spent.append((self.now, launch.namespace, launch.due))
        else:
            launch.due = spending(0)

    @precondition(lambda self: self.launches)
    @rule(data=st.data(), crash_after=st.integers(0, 3))
    def somebody_settles(self, data: st.DataObject, crash_after: int) -> None:
        launch = data.draw(st.sampled_from(self.launches))
        if launch.due is None:
            return
        for index in range(len(BUDGETS))[:crash_after]:
            book = launch.read[index][1]
            if ledger.reservation_of(book, launch.namespace, launch.record) is None:
                continue
            charge = Charge.model_validate(dict(launch.due) | {"namespace": launch.namespace, "at": self.now})
            after = ledger.charged(ledger.released(book, launch.namespace, launch.record), charge, BUDGETS[index])
            if not self.write(launch, index, after):
                return

    def write(self, launch: Launch, index: int, book: RetrainPolicyStatus) -> bool:
        """Compare and swap; whoever is refused reads anew."""
        if self.stored[index][0] != launch.read[index][0]:
            launch.read = list(self.stored)
            return False
        self.stored[index] = (self.stored[index][0] + 1, book)
        launch.read[index] = self.stored[index]
        return True

    @rule(hours=st.sampled_from([0, 1, 23, 24, 71, 72]), minutes=st.integers(0, 59))
    def time_passes(self, hours: int, minutes: int) -> None:
        self.now += timedelta(hours=hours, minutes=minutes)

    @invariant()
    def nothing_is_overspent(self) -> None:
        """What runs may use at most, and what truly was used within the window, fits into every budget."""
        for index, budget in enumerate(BUDGETS):
            for namespace in NAMESPACES:
                booked = ledger.used(self.stored[index][1], budget, namespace, self.now)
                since = self.now - timedelta(seconds=budget.window_seconds)
                running = [each for each in self.launches if each.launched and each.due is None]
                true = [each.needed for each in running if each.namespace == namespace]
                true += [due for at, name, due in self.spent if name == namespace and at > since]
                for unit in ("energy_kwh", "money"):
                    limit = getattr(budget, unit)
                    used = sum((getattr(each, unit) for each in true), Decimal(0))
                    if limit is not None:
                        assert getattr(booked, unit) <= limit
                        assert used <= limit
                    assert used <= getattr(booked, unit), "somebody used what no ledger knows of"


TestBooks = Books.TestCase
TestBooks.settings = settings(
    max_examples=1000 if THOROUGH else 60, stateful_step_count=60 if THOROUGH else 40, deadline=None
)

amounts = st.floats(0.001, 50).map(lambda value: round(value, 3))
charges = st.builds(
    lambda namespace, minutes, energy: Charge.model_validate(
        dict(spending(energy)) | {"namespace": namespace, "at": START + timedelta(minutes=minutes)}
    ),
    st.sampled_from([*NAMESPACES, "line9"]),
    st.integers(0, 6000),
    amounts,
)


@given(st.lists(charges, min_size=1, max_size=40), st.integers(1, 120), st.integers(0, 12_000))
def test_a_ledger_that_was_made_shorter_counts_no_less_at_any_later_time(some, copies, minutes) -> None:
    """However often charges are merged, and whichever leave the window on the way."""
    budget = BUDGETS[0]
    book = RetrainPolicyStatus()
    full: list[Charge] = []
    for each in sorted(some * copies, key=lambda charge: charge.at)[: MAX_CHARGES + 40]:
        book = ledger.charged(book, each, budget)
        full.append(each)
    assert len(book.charges) <= MAX_CHARGES
    last = max(each.at for each in full)
    at = last + timedelta(minutes=minutes)
    window = timedelta(seconds=budget.window_seconds)
    for namespace in {each.namespace for each in some}:
        true = sum(
            (each.energy_kwh for each in full if each.namespace == namespace and at < each.at + window), Decimal(0)
        )
        assert ledger.used(book, budget, namespace, at).energy_kwh >= true
