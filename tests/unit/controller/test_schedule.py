"""The queue's promises, with a clock that only moves when a test moves it."""

from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from modelreuse.controller.schedule import ONE_IN, Backoff, Schedule

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_nothing_to_do_is_nothing() -> None:
    schedule = Schedule[str]()
    assert schedule.take(NOON) is None
    assert schedule.next_alarm() is None


def test_keys_are_looked_at_in_the_order_in_which_they_came() -> None:
    schedule = Schedule[str]()
    for key in "abc":
        schedule.add(key)
    assert [schedule.take(NOON) for _ in range(4)] == ["a", "b", "c", None]


def test_a_key_that_is_added_often_is_looked_at_once() -> None:
    schedule = Schedule[str]()
    for _ in range(5):
        schedule.add("a")
    assert schedule.take(NOON) == "a"
    schedule.done("a")
    assert schedule.take(NOON) is None


def test_news_during_a_look_cause_one_more_look_and_no_second_at_once() -> None:
    schedule = Schedule[str]()
    schedule.add("a")
    schedule.take(NOON)
    schedule.add("a")
    schedule.add("a")
    assert schedule.take(NOON) is None
    schedule.done("a")
    assert schedule.take(NOON) == "a"
    schedule.done("a")
    assert schedule.take(NOON) is None


def test_an_alarm_wakes_its_key_in_time() -> None:
    schedule = Schedule[str]()
    schedule.add("a")
    schedule.take(NOON)
    schedule.done("a", wake_at=NOON + 60 * SECOND)
    assert schedule.next_alarm() == NOON + 60 * SECOND
    assert schedule.take(NOON + 59 * SECOND) is None
    assert schedule.take(NOON + 60 * SECOND) == "a"


def test_a_later_look_replaces_the_alarm() -> None:
    schedule = Schedule[str]()
    for wake_at in (NOON + 60 * SECOND, None):
        schedule.add("a")
        schedule.take(NOON)
        schedule.done("a", wake_at)
    assert schedule.next_alarm() is None
    assert schedule.take(NOON + 61 * SECOND) is None


def test_a_failed_key_rests_longer_each_time_up_to_a_limit() -> None:
    schedule = Schedule[str](Backoff(first=SECOND, limit=5 * SECOND))
    schedule.add("a")
    now, rests = NOON, []
    for _ in range(5):
        assert schedule.take(now) == "a"
        rest = schedule.failed("a", now)
        rests.append(rest / SECOND)
        assert schedule.take(now + rest - timedelta(milliseconds=1)) is None
        now += rest
    assert rests == [1, 2, 4, 5, 5]


def test_news_do_not_cut_a_rest_short() -> None:
    schedule = Schedule[str](Backoff(first=SECOND))
    schedule.add("a")
    schedule.take(NOON)
    schedule.add("a")
    schedule.failed("a", NOON)
    schedule.add("a")
    assert schedule.take(NOON) is None
    assert schedule.take(NOON + SECOND) == "a"


def test_a_success_ends_the_memory_of_failures() -> None:
    schedule = Schedule[str](Backoff(first=SECOND))
    schedule.add("a")
    schedule.take(NOON)
    schedule.failed("a", NOON)
    schedule.take(NOON + SECOND)
    schedule.done("a")
    schedule.add("a")
    schedule.take(NOON + SECOND)
    assert schedule.failed("a", NOON + SECOND) == SECOND


def test_one_failing_key_does_not_hold_up_the_others() -> None:
    schedule = Schedule[str]()
    schedule.add("a")
    schedule.take(NOON)
    schedule.failed("a", NOON)
    schedule.add("b")
    assert schedule.take(NOON) == "b"


def test_news_come_before_what_can_wait() -> None:
    schedule = Schedule[str]()
    for key in "abc":
        schedule.add_later(key)
    schedule.take(NOON)  # the first look of all goes to whoever waits
    schedule.add("news")
    assert schedule.take(NOON) == "news"


def test_what_can_wait_comes_even_if_there_are_always_news() -> None:
    schedule = Schedule[str]()
    for number in range(20):
        schedule.add_later(f"later-{number}")
        schedule.add(f"news-{number}")
    taken = [schedule.take(NOON) or "" for _ in range(2 * ONE_IN)]
    assert sum(key.startswith("later") for key in taken) == 2


def test_a_key_with_news_does_not_wait_any_more() -> None:
    schedule = Schedule[str]()
    schedule.add_later("a")
    schedule.add("a")
    schedule.add_later("a")
    assert schedule.waiting == 1
    assert schedule.take(NOON) == "a"
    assert schedule.take(NOON) is None


def test_the_longest_look_is_known() -> None:
    schedule = Schedule[str]()
    assert schedule.running_since() is None
    schedule.add("a")
    schedule.add("b")
    schedule.take(NOON)
    schedule.take(NOON + SECOND)
    assert schedule.running_since() == NOON
    schedule.done("a")
    assert schedule.running_since() == NOON + SECOND


class Promises(RuleBasedStateMachine):
    """Any order of additions, looks, failures and alarms."""

    keys = st.sampled_from("abcd")

    def __init__(self) -> None:
        super().__init__()
        self.schedule = Schedule[str](Backoff(first=SECOND, limit=4 * SECOND))
        self.now = NOON
        self.running: list[str] = []
        self.owed: set[str] = set()

    @rule(key=keys)
    def something_changes(self, key: str) -> None:
        self.schedule.add(key)
        self.owed.add(key)

    @rule(key=keys)
    def something_may_have_changed(self, key: str) -> None:
        self.schedule.add_later(key)
        self.owed.add(key)

    @rule()
    def a_look_begins(self) -> None:
        key = self.schedule.take(self.now)
        if key is not None:
            assert key not in self.running
            self.running.append(key)
            self.owed.discard(key)

    @precondition(lambda self: self.running)
    @rule(data=st.data(), wake_in=st.none() | st.integers(1, 5))
    def a_look_ends(self, data: st.DataObject, wake_in: int | None) -> None:
        key = data.draw(st.sampled_from(self.running))
        self.running.remove(key)
        self.schedule.done(key, None if wake_in is None else self.now + wake_in * SECOND)
        if wake_in is not None:
            self.owed.add(key)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def a_look_fails(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(self.running))
        self.running.remove(key)
        self.schedule.failed(key, self.now)
        self.owed.add(key)

    @rule(seconds=st.integers(1, 6))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds * SECOND

    @invariant()
    def no_key_is_lost(self) -> None:
        if self.owed - set(self.running):
            assert self.schedule.waiting or self.schedule.next_alarm() is not None

    def teardown(self) -> None:
        """Everything that is owed comes, if only the looks end and time passes."""
        for key in self.running:
            self.schedule.done(key)
        came = set()
        while (key := self.schedule.take(self.now + 10 * SECOND)) is not None:
            came.add(key)
            self.schedule.done(key)
        assert self.owed - came == set()


Promises.TestCase.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
test_no_key_is_ever_lost_or_looked_at_twice_at_once = Promises.TestCase
