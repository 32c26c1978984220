"""When something is to happen again: a cron expression and a time zone, as a Kubernetes CronJob has them.

The clock is a parameter. Where summer time begins or ends, times are those of Debian's cron: what falls into the hour
that is left out runs right after it, and what falls into the hour that comes twice runs once.
"""

import re
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, StringConstraints

from modelreuse.api.types import shape_schema

_FIELDS = r"^[0-9A-Za-z*/,-]+( [0-9A-Za-z*/,-]+){4}$"
_SCHEDULE = "a schedule of five fields (minute, hour, day of month, month, day of week), as in 0 3 * * 1"
_NAME = r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$"
_ZONE = "the name of a time zone, as in Asia/Tokyo"
_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)


def next_time(schedule: str, zone: str, after: datetime) -> datetime | None:
    """The first time of the schedule later than `after`, in UTC; None where there is none within 50 years.

    `after` has a time zone. Raises ValueError for what is no schedule or no zone.
    """
    if not re.fullmatch(_FIELDS, schedule):
        raise ValueError(f"{schedule!r} is not {_SCHEDULE}")
    try:
        found = next(CronSim(schedule, after.astimezone(_zone_of(zone))), None)
    except CronSimError as error:
        raise ValueError(f"{schedule!r} is not {_SCHEDULE}: {str(error).lower()}") from None
    return None if found is None else found.astimezone(UTC)


def _schedule(value: str) -> str:
    next_time(value, "UTC", _ANY_TIME)
    return value


def _zone_of(name: str) -> ZoneInfo:
    try:
        if not re.fullmatch(_NAME, name):
            raise ValueError
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise ValueError(f"{name!r} is not {_ZONE}") from None


def _zone(value: str) -> str:
    return _zone_of(value).key


Schedule = Annotated[
    str, StringConstraints(max_length=128), AfterValidator(_schedule), shape_schema(_FIELDS, _SCHEDULE, 128)
]
"""A cron expression. The API server judges its shape, the operator the rest."""
TimeZone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_zone), shape_schema(_NAME, _ZONE, 64)]
"""A name of the IANA database, likewise."""
