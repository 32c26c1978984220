"""Schedules: cron expressions in a time zone, and what is none."""

from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from modelreuse.api import next_time
from modelreuse.api.schedule import Schedule, TimeZone


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("schedule", "zone", "after", "then"),
    [
        ("0 3 * * 1", "UTC", "2026-05-04T03:00:00+00:00", "2026-05-11T03:00:00+00:00"),
        ("0 3 * * 1", "UTC", "2026-05-04T02:59:59+00:00", "2026-05-04T03:00:00+00:00"),
        ("0 3 * * MON", "Asia/Tokyo", "2026-05-04T00:00:00+00:00", "2026-05-10T18:00:00+00:00"),
        ("*/15 8-17 * * 1-5", "UTC", "2026-05-01T17:50:00+00:00", "2026-05-04T08:00:00+00:00"),
        ("0 0 13 * 5", "UTC", "2026-05-02T00:00:00+00:00", "2026-05-08T00:00:00+00:00"),  # the 13th, or a Friday
        ("0 0 29 2 *", "UTC", "2026-05-01T00:00:00+00:00", "2028-02-29T00:00:00+00:00"),
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00+00:00", "2026-03-29T01:00:00+00:00"),  # no half past two
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00+00:00", "2026-10-25T00:30:00+00:00"),  # the first of two
        ("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00+00:00", "2026-10-26T01:30:00+00:00"),  # not the second
    ],
)
def test_the_next_time(schedule: str, zone: str, after: str, then: str) -> None:
    assert next_time(schedule, zone, at(after)) == at(then)


def test_times_are_told_in_utc() -> None:
    found = next_time("0 3 * * 1", "Asia/Tokyo", at("2026-05-04T00:00:00+02:00"))
    assert found is not None
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    ["", "weekly", "@weekly", "0 3 * *", "0 3 * * 1 2026", "60 * * * *", "0 3 * * 8", "0  3 * * 1", "0 3 * * 1\n"],
)
def test_what_is_no_schedule_is_told_with_an_example(text: str) -> None:
    with pytest.raises(ValidationError, match=r"is not a schedule of five fields"):
        TypeAdapter(Schedule).validate_python(text)


def test_a_day_that_never_comes_is_none() -> None:
    with pytest.raises(ValidationError, match="bad day-of-month"):
        TypeAdapter(Schedule).validate_python("0 0 30 2 *")


@pytest.mark.parametrize("text", ["", "Tokyo", "asia/tokyo/x/y", "../etc/passwd", "/etc/localtime", "UTC "])
def test_what_is_no_zone_is_told_with_an_example(text: str) -> None:
    with pytest.raises(ValidationError, match=r"is not the name of a time zone, as in Asia/Tokyo"):
        TypeAdapter(TimeZone).validate_python(text)
