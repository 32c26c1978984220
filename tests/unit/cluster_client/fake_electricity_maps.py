"""Electricity Maps' HTTP API, as far as the history of a zone's carbon intensity needs it, with all that can go wrong.

Written from the published reference (/v4/carbon-intensity/history: query, header auth-token, fields of an hour, and
statuses). The real one can't be reached from here.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from aiohttp import web

from modelreuse.cluster import ElectricityMapsClient

Json = dict[str, Any]
Trouble = Callable[[web.Request], web.StreamResponse]

KEY = "s3cr3t-k3y"
NOW = datetime(2026, 5, 4, 12, 20, tzinfo=UTC)
THIS_HOUR = NOW.replace(minute=0)


def hour(begins: datetime, grams: float | None = 50, **changes: Any) -> Json:
    """What is told of one hour."""
    told = {
        "zone": "FR",
        "carbonIntensity": grams,
        "datetime": begins.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "updatedAt": "2026-05-04T12:05:00.000Z",
        "createdAt": "2026-05-01T12:05:00.000Z",
        "emissionFactorType": "lifecycle",
        "flowTraced": True,
        "isEstimated": False,
        "estimationMethod": None,
        "temporalGranularity": "hourly",
    } | changes
    return {key: value for key, value in told.items() if value is not ...}


def day(
    grams: Callable[[int], float | None] = lambda _: 50,
    hours: int = 24,
    ends_with: datetime = THIS_HOUR,
    **changes: Any,
) -> Json:
    """A history that ends with the hour that runs; `grams` by how many hours ago."""
    told = [hour(ends_with - timedelta(hours=ago), grams(ago), **changes) for ago in reversed(range(hours))]
    return {"zone": "FR", "temporalGranularity": "hourly", "history": told}


@dataclass
class FakeElectricityMaps:
    """One zone, one key. trouble: what is answered instead, to the next questions."""

    answer: object = field(default_factory=day)
    zones: tuple[str, ...] = ("FR",)
    trouble: list[Trouble] = field(default_factory=list)
    asked: list[web.Request] = field(default_factory=list)
    address: str = ""
    timeout: float = 10

    @property
    def client(self) -> ElectricityMapsClient:
        """A client of it."""
        return ElectricityMapsClient(self.address, aiohttp.ClientTimeout(total=self.timeout))

    async def respond(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        if self.trouble:
            return self.trouble.pop(0)(request)
        if request.headers.get("auth-token") != KEY:
            return refused(401, "Invalid auth-token")
        if request.path != "/v4/carbon-intensity/history":
            return refused(404, "Not found")
        if request.query.get("zone") not in self.zones:
            if request.query.get("disableCallerLookup") != "true":
                return web.json_response(self.answer)
            return refused(400, "Zone does not exist")
        text = self.answer if isinstance(self.answer, str) else json.dumps(self.answer)
        return web.Response(text=text, content_type="application/json")


def refused(status: int, message: str = "no", **headers: str) -> web.Response:
    """An answer that is none."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.json_response({"error": message, "message": message}, status=status, headers=named)


@asynccontextmanager
async def electricity_maps(**given: Any) -> AsyncIterator[FakeElectricityMaps]:
    """Serves on a free port of 127.0.0.1."""
    fake = FakeElectricityMaps(**given)
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", fake.respond)
    application.router.add_route("*", "/", fake.respond)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    fake.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        await runner.cleanup()


class Silence(web.StreamResponse):
    """Begins, and says nothing more for as long as anybody listens."""

    async def prepare(self, request: web.BaseRequest) -> None:  # type: ignore[override]
        await asyncio.Event().wait()
