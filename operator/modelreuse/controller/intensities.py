"""Asks Electricity Maps what the grids of CostProfiles emit, and stores what it says in their status.

When a zone is asked about again stands in the status too, so neither a restart nor a lost write asks twice. The key is
read from its file each time, and goes nowhere but into the question.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from modelreuse.api import CostProfile, ElectricityMaps, ElectricityMapsStatus, Failure, Unheard
from modelreuse.cluster import Client, ElectricityMapsClient, NoReadingError, write_profile_status
from modelreuse.controller.cache import Cache
from modelreuse.controller.repeating import repeated
from modelreuse.controller.resync import EVERY
from modelreuse.decisions import heard, is_due, with_the_grid

_log = logging.getLogger(__name__)

_KEY = re.compile(r"[!-~]{1,256}")


@dataclass(frozen=True)
class Intensities:
    """What the grids of all profiles that ask for it emit."""

    client: Client
    cache: Cache
    electricity_maps: ElectricityMapsClient
    key_file: Path | None
    clock: Callable[[], datetime]
    every: float = EVERY.total_seconds()
    _heard: dict[str, ElectricityMapsStatus] = field(default_factory=dict, repr=False)
    """By profile: what isn't stored yet."""

    async def run(self, listed: asyncio.Event) -> None:
        """Until cancelled, once everything was listed."""
        await repeated(self.ask, listed, self.every, "CostProfiles: the intensity of grids can't be told")

    async def ask(self) -> None:
        """Once, for every profile whose turn it is. Raises ApiError."""
        for profile in self.cache.policies_and_profiles()[1].values():
            asked = profile.spec.grid.electricity_maps
            if asked is not None:
                await self._ask(profile, asked)

    async def _ask(self, profile: CostProfile, asked: ElectricityMaps) -> None:
        name, known = profile.metadata.name, profile.status.electricity_maps
        told = self._heard.get(name, known)
        if is_due(asked, told, self.clock()):
            told = self._heard[name] = await self._answered(asked, told)
            said = told.failure.message if told.failure else f"Electricity Maps has told of zone {asked.zone}"
            _log.log(logging.WARNING if told.failure else logging.INFO, "CostProfile %s: %s", name, said)
        if told is None or told == known:
            return
        status = with_the_grid(profile, told, self.clock())
        written = await write_profile_status(self.client, name, profile.metadata.resource_version, status)
        if written is None:
            _log.info("CostProfile %s changed meanwhile; its status is told later", name)
            return
        self.cache.profiles.put(written)
        self._heard.pop(name, None)

    async def _answered(self, asked: ElectricityMaps, before: ElectricityMapsStatus | None) -> ElectricityMapsStatus:
        key = await asyncio.to_thread(read_key, self.key_file)
        if isinstance(key, Failure):
            return heard(asked, before, key, self.clock())
        try:
            reading = await self.electricity_maps.last_day(asked.zone, key, self.clock())
        except NoReadingError as error:
            return heard(asked, before, Failure(reason=error.reason, message=str(error)), self.clock(), error.wait)
        return heard(asked, before, reading, self.clock())


def read_key(path: Path | None) -> str | Failure:
    """The key, without the line's end; or why there is none."""
    if path is None:
        return _without("the operator wasn't told --electricity-maps-key-file")
    try:
        with path.open("rb") as file:
            text = file.read(1024).decode(errors="replace").strip()
    except OSError as error:
        return _without(f"{path} can't be read: {error.strerror}")
    return text if _KEY.fullmatch(text) else _without(f"{path} must hold 1 to 256 visible ASCII characters")


def _without(why: str) -> Failure:
    return Failure(reason=Unheard.KEY_MISSING, message=f"there is no key for Electricity Maps: {why}")
