"""The one queue: it hands keys to the reconciler, some at once, and says whether it lives."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from modelreuse.cluster import ApiError
from modelreuse.controller.key import Key
from modelreuse.controller.log import about
from modelreuse.controller.metrics import Metrics
from modelreuse.controller.schedule import Schedule

_log = logging.getLogger(__name__)

WORKERS = 8
HEARTBEAT = timedelta(seconds=10)
STUCK = timedelta(minutes=5)
"""Every request has a timeout, so a look that takes this long hangs in our own code."""

Look = Callable[[Key], Awaitable[datetime | None]]
"""Looks at one check. Returns when time alone will change the answer; raises to be called again after a rest."""


class Queue:
    """Runs `look` for every added key: per key one at a time, over all keys `workers` at a time."""

    def __init__(
        self,
        look: Look,
        *,
        clock: Callable[[], datetime],
        metrics: Metrics,
        schedule: Schedule[Key] | None = None,
        workers: int = WORKERS,
    ) -> None:
        self._look = look
        self._clock = clock
        self._metrics = metrics
        self._schedule = schedule or Schedule()
        self._workers = workers
        self._changed = asyncio.Event()
        self._stopping = False
        self._beat: datetime | None = None

    def add(self, key: Key) -> None:
        """Something about this check changed."""
        self._schedule.add(key)
        self._note_depth()
        self._changed.set()

    def add_later(self, key: Key) -> None:
        """Nothing is known to have changed, but look at this check some time."""
        self._schedule.add_later(key)
        self._note_depth()
        self._changed.set()

    def stop(self) -> None:
        """Begin nothing new; `run` ends with the last look that has begun."""
        self._stopping = True
        self._changed.set()

    def is_alive(self, now: datetime) -> bool:
        """Whether `run` turns and no look hangs."""
        since = self._schedule.running_since()
        stuck = since is not None and now - since > STUCK
        return self._beat is not None and now - self._beat < 6 * HEARTBEAT and not stuck

    async def run(self) -> None:
        """Look at what is added, until `stop`."""
        async with asyncio.TaskGroup() as looks:
            while not self._stopping:
                self._changed.clear()
                now = self._beat = self._clock()
                while self._schedule.running < self._workers and (key := self._schedule.take(now)) is not None:
                    looks.create_task(self._look_at(key), name=f"look at {key}")
                self._note_depth()
                await self._change(self._pause(now))

    def _pause(self, now: datetime) -> timedelta:
        alarm = self._schedule.next_alarm() if self._schedule.running < self._workers else None
        return HEARTBEAT if alarm is None else max(min(alarm - now, HEARTBEAT), timedelta(0))

    async def _change(self, at_most: timedelta) -> None:
        try:
            async with asyncio.timeout(at_most.total_seconds()):
                await self._changed.wait()
        except TimeoutError:
            pass

    async def _look_at(self, key: Key) -> None:
        with about(key), self._metrics.reconciling() as measured:
            try:
                wake_at = await self._look(key)
            except Exception as error:  # noqa: BLE001 - whatever went wrong with one check, the others go on
                measured.failed()
                rest = self._schedule.failed(key, self._clock())
                _log.error("%s; looking again in %.1f s", error, rest.total_seconds(), exc_info=unexpected(error))
            else:
                self._schedule.done(key, wake_at)
        self._changed.set()

    def _note_depth(self) -> None:
        self._metrics.queue_depth.set(self._schedule.waiting)


def unexpected(error: Exception) -> Exception | None:
    """The error where its traceback tells something: what the API server said is explained by its sentence."""
    return None if isinstance(error, ApiError) else error
