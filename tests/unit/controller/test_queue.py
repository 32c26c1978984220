"""The queue at work: real tasks, a clock that the test moves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from modelreuse.cluster import UnavailableError
from modelreuse.controller.key import Key
from modelreuse.controller.metrics import Metrics
from modelreuse.controller.queue import HEARTBEAT, STUCK, Look, Queue
from modelreuse.controller.schedule import Backoff, Schedule

A, B = Key("team", "a"), Key("team", "b")
AT_ONCE = Backoff(first=timedelta(0), limit=timedelta(0))


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 2, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@asynccontextmanager
async def running(look: Look, clock: Clock, metrics: Metrics, workers: int = 8) -> AsyncIterator[Queue]:
    """A queue that runs, and has ended at the end."""
    queue = Queue(look, clock=clock, metrics=metrics, schedule=Schedule(AT_ONCE), workers=workers)
    task = asyncio.create_task(queue.run())
    try:
        yield queue
    finally:
        queue.stop()
        async with asyncio.timeout(5):
            await task


async def test_what_is_added_is_looked_at(clock: Clock, metrics: Metrics) -> None:
    looked: asyncio.Queue[Key] = asyncio.Queue()

    async def look(key: Key) -> None:
        looked.put_nowait(key)

    async with running(look, clock, metrics) as queue, asyncio.timeout(5):
        queue.add(A)
        queue.add(B)
        assert {await looked.get(), await looked.get()} == {A, B}


async def test_a_key_is_looked_at_by_one_worker_and_keys_by_several(clock: Clock, metrics: Metrics) -> None:
    begun: asyncio.Queue[Key] = asyncio.Queue()
    go_on = asyncio.Event()

    async def look(key: Key) -> None:
        begun.put_nowait(key)
        await go_on.wait()

    async with running(look, clock, metrics, workers=2) as queue, asyncio.timeout(5):
        queue.add(A)
        assert await begun.get() == A
        queue.add(A)
        queue.add(B)
        assert await begun.get() == B  # and not A, which is being looked at
        queue.add(Key("team", "c"))
        await asyncio.sleep(0)
        assert begun.empty()  # both workers are busy
        go_on.set()
        assert {await begun.get(), await begun.get()} == {A, Key("team", "c")}


@pytest.mark.parametrize("error", [UnavailableError("HTTP 503"), KeyError("spec")])
async def test_a_failed_look_is_repeated_and_counted(
    error: Exception, clock: Clock, metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    looks = 0
    done = asyncio.Event()

    async def look(_key: Key) -> None:
        nonlocal looks
        looks += 1
        if looks < 3:
            raise error
        done.set()

    async with running(look, clock, metrics) as queue, asyncio.timeout(5):
        queue.add(A)
        await done.wait()
    assert looks == 3
    counted = metrics.registry.get_sample_value
    assert counted("modelreuse_reconciliations_total", {"result": "error"}) == 2
    assert counted("modelreuse_reconciliations_total", {"result": "ok"}) == 1
    assert [record.exc_info is not None for record in caplog.records] == [isinstance(error, KeyError)] * 2


async def test_an_alarm_rings(clock: Clock, metrics: Metrics) -> None:
    looked: asyncio.Queue[Key] = asyncio.Queue()

    async def look(key: Key) -> datetime | None:
        first = looked.empty() and not clock_moved.is_set()
        looked.put_nowait(key)
        return clock.now + timedelta(hours=1) if first else None

    clock_moved = asyncio.Event()
    async with running(look, clock, metrics) as queue, asyncio.timeout(5):
        queue.add(A)
        assert await looked.get() == A
        clock_moved.set()
        clock.now += timedelta(hours=1)
        queue.add(B)  # whatever happens next shows the queue what time it is
        assert {await looked.get(), await looked.get()} == {A, B}


async def test_stopping_waits_for_looks_that_have_begun(clock: Clock, metrics: Metrics) -> None:
    begun, go_on, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def look(_key: Key) -> None:
        begun.set()
        await go_on.wait()
        ended.set()

    async with running(look, clock, metrics) as queue, asyncio.timeout(5):
        queue.add(A)
        await begun.wait()
        queue.stop()
        go_on.set()
    assert ended.is_set()


async def test_nothing_begins_after_the_stop(clock: Clock, metrics: Metrics) -> None:
    looked: list[Key] = []

    async def look(key: Key) -> None:
        looked.append(key)

    async with running(look, clock, metrics) as queue:
        queue.stop()
        queue.add(A)
    assert looked == []


async def test_it_is_alive_while_it_turns(clock: Clock, metrics: Metrics) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def look(_key: Key) -> None:
        begun.set()
        await go_on.wait()

    async with running(look, clock, metrics) as queue, asyncio.timeout(5):
        assert not queue.is_alive(clock.now)  # it has not turned yet
        queue.add(A)
        await begun.wait()
        assert queue.is_alive(clock.now)
        assert not queue.is_alive(clock.now + 6 * HEARTBEAT)
        go_on.set()


async def test_a_look_that_hangs_makes_it_look_dead(clock: Clock, metrics: Metrics) -> None:
    begun: asyncio.Queue[Key] = asyncio.Queue()
    go_on = asyncio.Event()

    async def look(key: Key) -> None:
        begun.put_nowait(key)
        if key == A:
            await go_on.wait()

    async with running(look, clock, metrics) as queue, asyncio.timeout(5):
        queue.add(A)
        await begun.get()
        clock.now += STUCK + timedelta(seconds=1)
        queue.add(B)
        await begun.get()
        assert not queue.is_alive(clock.now)
        go_on.set()
