"""Which check is looked at next: a pure state machine, so that its promises can be tested without waiting.

It promises: a key is never lost between `add` and the end of a later look; it is never looked at twice at once;
however often it is added while it waits, it is looked at once; a look that failed is repeated, later each time, and not
before its rest is over: what our own writes change mustn't wake it.
"""

import heapq
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

ONE_IN = 8
"""So many looks are there for each that goes to a key without news, while others have some."""


@dataclass(frozen=True)
class Backoff:
    """How long a key rests after its n-th failure in a row: doubling, up to a limit."""

    first: timedelta = timedelta(milliseconds=500)
    limit: timedelta = timedelta(minutes=2)

    def after(self, failures: int) -> timedelta:
        """The rest after this many failures in a row, at least one."""
        return min(self.first * (1 << min(failures - 1, 20)), self.limit)


class Schedule(Generic[K]):
    """Keys that wait, keys that are being looked at, and keys that have an alarm set."""

    def __init__(self, backoff: Backoff | None = None) -> None:
        self._backoff = backoff or Backoff()
        self._ready: dict[K, None] = {}
        self._later: dict[K, None] = {}
        self._taken = 0
        self._running: dict[K, datetime] = {}
        self._again: set[K] = set()
        self._failures: dict[K, int] = {}
        self._alarm: dict[K, datetime] = {}
        self._alarms: list[tuple[datetime, int, K]] = []
        self._numbers = count()

    def add(self, key: K) -> None:
        """Something about `key` changed: look at it, or look again after the present look."""
        if key in self._running:
            self._again.add(key)
        elif key not in self._failures:
            self._later.pop(key, None)
            self._ready[key] = None

    def add_later(self, key: K) -> None:
        """Look at `key` some time: news of others come first, mostly."""
        if key in self._running:
            self._again.add(key)
        elif key not in self._failures and key not in self._ready:
            self._later[key] = None

    def take(self, now: datetime) -> K | None:
        """The next key to look at; the caller says `done` or `failed` afterwards."""
        self._ring(now)
        lane = self._next_lane()
        if not lane:
            return None
        key = next(iter(lane))
        del lane[key]
        self._taken += 1
        self._alarm.pop(key, None)
        self._running[key] = now
        return key

    def done(self, key: K, wake_at: datetime | None = None) -> None:
        """The look at `key` ended well. Its alarm is now `wake_at`."""
        del self._running[key]
        self._failures.pop(key, None)
        self._set_alarm(key, wake_at)
        self._requeue(key)

    def failed(self, key: K, now: datetime) -> timedelta:
        """The look at `key` failed: look again after a rest, whose length is returned."""
        del self._running[key]
        self._failures[key] = self._failures.get(key, 0) + 1
        rest = self._backoff.after(self._failures[key])
        self._set_alarm(key, now + rest)
        self._again.discard(key)
        return rest

    def next_alarm(self) -> datetime | None:
        """When `take` will have a key that it hasn't now, if time alone brings one."""
        while self._alarms and self._alarm.get(self._alarms[0][2]) != self._alarms[0][0]:
            heapq.heappop(self._alarms)
        return self._alarms[0][0] if self._alarms else None

    @property
    def waiting(self) -> int:
        """How many keys could be looked at now."""
        return len(self._ready) + len(self._later)

    @property
    def running(self) -> int:
        """How many keys are being looked at."""
        return len(self._running)

    def running_since(self) -> datetime | None:
        """When the longest of the present looks began."""
        return min(self._running.values(), default=None)

    def _next_lane(self) -> dict[K, None]:
        """Mostly news; every few looks something that has waited without any."""
        if self._later and (not self._ready or self._taken % ONE_IN == 0):
            return self._later
        return self._ready

    def _requeue(self, key: K) -> None:
        if key in self._again:
            self._again.discard(key)
            self._ready[key] = None

    def _set_alarm(self, key: K, when: datetime | None) -> None:
        if when is None:
            self._alarm.pop(key, None)
        else:
            self._alarm[key] = when
            heapq.heappush(self._alarms, (when, next(self._numbers), key))

    def _ring(self, now: datetime) -> None:
        while (due := self.next_alarm()) is not None and due <= now:
            _, _, key = heapq.heappop(self._alarms)
            del self._alarm[key]
            if key not in self._running:
                self._later.pop(key, None)
                self._ready[key] = None
