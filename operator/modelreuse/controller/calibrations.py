"""Writes what each CostProfile's status says of its predictions: every few minutes, and only what has changed.

What became of past predictions is computed again only when a record or the profile has changed, and beside the event
loop: it takes dozens of fits.
"""

import asyncio
import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime

from modelreuse.api import CostProfile
from modelreuse.cluster import Client, list_namespaces, write_profile_status
from modelreuse.controller.cache import Cache
from modelreuse.controller.repeating import repeated
from modelreuse.controller.resync import EVERY
from modelreuse.costs import Hindsight, looking_back
from modelreuse.decisions import Backing, backing, calibration

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Calibrations:
    """The figures of all profiles."""

    client: Client
    cache: Cache
    clock: Callable[[], datetime]
    every: float = EVERY.total_seconds()
    _computed: dict[str, tuple[Hashable, Hindsight]] = field(default_factory=dict)
    """By profile: of which records, and what came out."""

    async def run(self, listed: asyncio.Event) -> None:
        """Until cancelled, once everything was listed."""
        await repeated(self.tell, listed, self.every, "CostProfiles: how good predictions are can't be told")

    async def tell(self) -> None:
        """Once, for every profile. Raises ApiError."""
        policies, profiles = self.cache.policies_and_profiles()
        if not profiles:
            return
        labels = {
            each["metadata"]["name"]: each["metadata"].get("labels") or {}
            async for each in list_namespaces(self.client)
        }
        records = tuple(record for _, record in self.cache.records.items())
        for profile in profiles.values():
            behind = backing(profile, policies, profiles, labels, records)
            await self._tell(profile, behind)

    async def _tell(self, profile: CostProfile, behind: Backing) -> None:
        status = calibration(profile, behind, await self._hindsight(profile, behind), self.clock())
        if status == profile.status:
            return
        name = profile.metadata.name
        written = await write_profile_status(self.client, name, profile.metadata.resource_version, status)
        if written is None:
            _log.info("CostProfile %s changed meanwhile; its status is told later", name)
            return
        self.cache.profiles.put(written)
        _log.info("CostProfile %s: status stored", name)

    async def _hindsight(self, profile: CostProfile, behind: Backing) -> Hindsight:
        read = tuple((each.metadata.uid, each.metadata.resource_version) for each in (*behind.own, *behind.imported))
        known = self._computed.get(profile.metadata.name)
        if known is None or known[0] != read:
            known = read, await asyncio.to_thread(lambda: looking_back(behind.ended))
            self._computed[profile.metadata.name] = known
        return known[1]
