"""Looking at everything every few minutes, whatever the watches said: lost events cost minutes, not forever."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from modelreuse.cluster import (
    ApiError,
    Client,
    Json,
    list_checks,
    list_jobs,
    list_policies,
    list_profiles,
    list_records,
)
from modelreuse.controller.cache import Cache
from modelreuse.controller.key import Key
from modelreuse.controller.ledgers import list_labels
from modelreuse.controller.metrics import Metrics

_log = logging.getLogger(__name__)

EVERY = timedelta(minutes=3)
AFTER_FAILURE = timedelta(seconds=2)


@dataclass(frozen=True)
class Resync:
    """Lists everything, sets the cache right, and asks for a look at every check."""

    client: Client
    cache: Cache
    add_later: Callable[[Key], None]
    metrics: Metrics
    namespaces: tuple[str | None, ...] = (None,)
    """Where checks are looked after; None is everywhere."""
    every: float = EVERY.total_seconds()
    listed_once: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the cache holds what a decision needs."""

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.once()
            except ApiError as error:
                _log.error("listing failed; trying again in %d s: %s", AFTER_FAILURE.seconds, error)
                await asyncio.sleep(AFTER_FAILURE.total_seconds())
            else:
                await asyncio.sleep(self.every)

    async def once(self) -> None:
        """One listing of everything. Policies come first: without them every check would look ungoverned."""
        await self.cache.policies.refill(list_policies(self.client))
        await list_labels(self.client, self.cache)
        await self.cache.profiles.refill(list_profiles(self.client))
        await self.cache.records.refill(list_records(self.client))
        await self.cache.jobs.refill(self._everywhere(list_jobs))
        await self.cache.checks.refill(self._everywhere(list_checks))
        self.listed_once.set()
        self.metrics.resynced()
        # Whose check is gone shall be looked at too: its record waits for an outcome, its reservation for a charge.
        recorded = {key for key, _ in self.cache.open_records() if self._looks_after(key.namespace)}
        reserving = {key for key in self.cache.reserving() if self._looks_after(key.namespace)}
        for key in self.cache.checks.known() | recorded | reserving:
            self.add_later(key)

    def _looks_after(self, namespace: str) -> bool:
        return None in self.namespaces or namespace in self.namespaces

    async def _everywhere(self, listing: Callable[[Client, str | None], AsyncIterator[Json]]) -> AsyncIterator[Json]:
        for namespace in self.namespaces:
            async for served in listing(self.client, namespace):
                yield served
