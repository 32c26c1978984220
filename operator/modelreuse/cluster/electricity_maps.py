"""Electricity Maps' HTTP API, as far as one question: what a zone's electricity emitted in the last 24 hours.

The answer comes from outside, and people decide by it: its size, shape, zone, times and every figure are checked. No
word of it is repeated, lest it repeats the key; and the key goes to this one address, never where that redirects to.

Published schema: https://app.electricitymaps.com/docs/reference/carbon-intensity
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Annotated, Literal

import aiohttp
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from modelreuse.api import GridReading, Unheard, decimal

ADDRESS = "https://api.electricitymaps.com"
PATH = "/v4/carbon-intensity/history"
TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10)
MAX_BYTES = 64 * 1024
"""A day takes 8 KiB."""
HOUR = timedelta(hours=1)
HOURS = 24
LEAST_HOURS = 18
"""Fewer may lack the evening's peak, or the night."""
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""Of the figures that can be true; it also leaves room to add hours."""
AHEAD = timedelta(hours=2)
"""How far an hour may end after now: the one that runs is told too, and clocks differ."""


class NoReadingError(Exception):
    """Electricity Maps gave no figure that counts. wait: how long it wants to be left alone, if it says so."""

    def __init__(self, reason: Unheard, message: str, wait: timedelta = timedelta(0)) -> None:
        super().__init__(message)
        self.reason = reason
        self.wait = wait


class _Told(BaseModel):
    """Of what is published, what we read. What v3 doesn't have may be absent."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", alias_generator=to_camel)


class _Hour(_Told):
    carbon_intensity: Annotated[float, Field(gt=0, le=3000, allow_inf_nan=False)] | None
    """gCO2e per kWh. No grid has a life cycle of nothing; oil burnt for electricity is at half of the upper end."""
    datetime: Annotated[AwareDatetime, Field(ge=EPOCH, lt=EPOCH.replace(year=2200))]
    """When the hour begins."""
    emission_factor_type: Literal["lifecycle"]
    is_estimated: bool
    estimation_method: str | None = None
    zone: str | None = None
    flow_traced: Literal[True] = True
    temporal_granularity: Literal["hourly"] = "hourly"


class _History(_Told):
    zone: str
    history: list[_Hour]


@dataclass(frozen=True)
class ElectricityMapsClient:
    """Electricity Maps, at its address."""

    address: str = ADDRESS
    timeout: aiohttp.ClientTimeout = TIMEOUT

    async def last_day(self, zone: str, key: str, now: datetime) -> GridReading:
        """The mean over the hours of the last day that it knows. key: visible ASCII. Raises NoReadingError."""
        query = {
            "zone": zone,
            "emissionFactorType": "lifecycle",
            "flowTraced": "true",
            "temporalGranularity": "hourly",
            # Else an unknown zone is answered by that of wherever the caller seems to be.
            "disableCallerLookup": "true",
        }
        headers = {"auth-token": key, "Accept-Encoding": "identity"}
        try:
            async with (
                aiohttp.ClientSession(timeout=self.timeout, trust_env=True, auto_decompress=False) as session,
                session.get(self.address + PATH, params=query, headers=headers, allow_redirects=False) as response,
            ):
                if response.status != 200:
                    raise _refusal(response.status, zone, _wait(response.headers.get("Retry-After", ""), now))
                body = await _bounded(response.content)
        except (aiohttp.ClientError, OSError) as error:
            message = f"Electricity Maps can't be reached: {type(error).__name__}"
            raise NoReadingError(Unheard.UNREACHABLE, message) from None
        return reading_of(body, zone, now)


def reading_of(body: bytes, zone: str, now: datetime) -> GridReading:
    """The mean of an answer's hours. Raises NoReadingError for what isn't as published, or can't be true."""
    try:
        answer = _History.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        raise _unreadable(f"{'.'.join(map(str, first['loc']))}: {first['type']}".removeprefix(": ")) from None
    if any(told not in {zone, None} for told in (answer.zone, *(hour.zone for hour in answer.history))):
        raise _unreadable(f"zone: is not {zone}, which was asked for")
    if any((hour.estimation_method or "").startswith("SANDBOX") for hour in answer.history):
        message = f"the key is for the sandbox of Electricity Maps, which invents figures; zone {zone} takes another"
        raise NoReadingError(Unheard.SANDBOX, message)
    return _mean(answer.history, now)


def _mean(told: Sequence[_Hour], now: datetime) -> GridReading:
    known = {hour.datetime.astimezone(UTC): hour for hour in told if hour.carbon_intensity is not None}
    latest = max(known, default=now)
    hours = [hour for begins, hour in known.items() if latest - begins < HOURS * HOUR]
    if not LEAST_HOURS <= len(hours) <= HOURS:
        raise _unreadable(f"history: has {len(hours)} hours of the last {HOURS}; at least {LEAST_HOURS} make a mean")
    if latest + HOUR > now + AHEAD:
        raise _unreadable("history: ends in the future")
    return GridReading(
        grams_per_kwh=decimal(sum(hour.carbon_intensity or 0.0 for hour in hours) / len(hours)),
        begins_at=min(hour.datetime for hour in hours),
        ends_at=latest + HOUR,
        hours=len(hours),
        estimated_hours=sum(hour.is_estimated for hour in hours),
    )


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    body = b""
    while chunk := await content.read(MAX_BYTES):
        body += chunk
        if len(body) > MAX_BYTES:
            raise _unreadable(f"is longer than {MAX_BYTES // 1024} KiB")
    return body


def _refusal(status: int, zone: str, wait: timedelta) -> NoReadingError:
    if status in {401, 402, 403}:
        message = f"the key isn't accepted, or its plan doesn't include carbon-intensity/history of zone {zone}"
        return NoReadingError(Unheard.KEY_REFUSED, f"Electricity Maps answers HTTP {status}: {message}", wait)
    if status in {400, 404, 422}:
        message = (
            f"spec.grid.electricityMaps.zone: {zone!r} isn't known to it; the address of a zone on its map has the name"
        )
        return NoReadingError(Unheard.ZONE_UNKNOWN, f"Electricity Maps answers HTTP {status}: {message}", wait)
    if status == 429:
        return NoReadingError(Unheard.BUSY, f"Electricity Maps answers HTTP {status}: the key was used too often", wait)
    return NoReadingError(Unheard.UNREACHABLE, f"Electricity Maps answers HTTP {status}", wait)


def _wait(retry_after: str, now: datetime) -> timedelta:
    """Of a header Retry-After: seconds, or a date; nothing where it says nothing."""
    if retry_after.isdecimal():
        return timedelta(seconds=int(retry_after[:9]))
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return timedelta(0)
    return max((until if until.tzinfo else until.replace(tzinfo=UTC)) - now, timedelta(0))


def _unreadable(why: str) -> NoReadingError:
    return NoReadingError(Unheard.UNREADABLE, f"the answer of Electricity Maps can't be used: {why}")
