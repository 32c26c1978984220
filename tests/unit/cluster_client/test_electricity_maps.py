"""What Electricity Maps says is believed as far as it can be true, and what it can't say has a reason of its own."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from modelreuse.api import GridReading, Unheard
from modelreuse.cluster import NoReadingError
from modelreuse.cluster.electricity_maps import MAX_BYTES, reading_of
from unit.cluster_client.fake_electricity_maps import (
    KEY,
    NOW,
    FakeElectricityMaps,
    Silence,
    day,
    electricity_maps,
    hour,
    refused,
)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


async def last_day(fake: FakeElectricityMaps, zone: str = "FR", key: str = KEY) -> GridReading:
    return await fake.client.last_day(zone, key, NOW)


async def complaint(fake: FakeElectricityMaps, **question: str) -> NoReadingError:
    with pytest.raises(NoReadingError) as caught:
        await last_day(fake, **question)
    return caught.value


async def test_it_is_the_mean_of_the_day_and_not_of_the_hour() -> None:
    async with electricity_maps(answer=day(lambda ago: 100 if ago < 6 else 20)) as fake:
        reading = await last_day(fake)
    assert reading == GridReading(
        grams_per_kwh=Decimal(40),
        begins_at=datetime(2026, 5, 3, 13, tzinfo=UTC),
        ends_at=datetime(2026, 5, 4, 13, tzinfo=UTC),
        hours=24,
        estimated_hours=0,
    )


async def test_what_is_asked_for_is_said_and_the_key_stands_in_a_header_only() -> None:
    async with electricity_maps() as fake:
        await last_day(fake)
        (asked,) = fake.asked
    assert asked.path == "/v4/carbon-intensity/history"
    assert dict(asked.query) == {
        "zone": "FR",
        "emissionFactorType": "lifecycle",
        "flowTraced": "true",
        "temporalGranularity": "hourly",
        "disableCallerLookup": "true",
    }
    assert asked.headers["auth-token"] == KEY
    assert KEY not in asked.path_qs


async def test_an_unknown_zone_is_not_answered_by_where_the_caller_seems_to_be() -> None:
    async with electricity_maps() as fake:
        error = await complaint(fake, zone="XX")
    assert error.reason == Unheard.ZONE_UNKNOWN
    assert str(error).startswith("Electricity Maps answers HTTP 400: spec.grid.electricityMaps.zone: 'XX' isn't known")


async def test_an_older_version_says_less_and_enough() -> None:
    absent = {"flowTraced": ..., "temporalGranularity": ..., "zone": ...}
    async with electricity_maps(answer=day(**absent)) as fake:
        assert (await last_day(fake)).hours == 24


async def test_hours_without_a_figure_are_left_out_and_estimated_ones_are_counted() -> None:
    answer = day(lambda ago: None if ago in {0, 7} else 50)
    answer["history"][3] |= {"isEstimated": True, "estimationMethod": "TIME_SLICER_AVERAGE"}
    async with electricity_maps(answer=answer) as fake:
        reading = await last_day(fake)
    assert (reading.hours, reading.estimated_hours) == (22, 1)
    assert reading.ends_at == datetime(2026, 5, 4, 12, tzinfo=UTC)


async def test_of_a_longer_history_the_last_day_counts() -> None:
    async with electricity_maps(answer=day(lambda ago: 50 if ago < 24 else 900, hours=30)) as fake:
        reading = await last_day(fake)
    assert (reading.hours, reading.grams_per_kwh) == (24, 50)


async def test_an_old_history_is_told_with_its_time() -> None:
    answer = day()
    for each in answer["history"]:
        each["datetime"] = each["datetime"].replace("2026-05", "2026-03")
    async with electricity_maps(answer=answer) as fake:
        assert (await last_day(fake)).ends_at == datetime(2026, 3, 4, 13, tzinfo=UTC)


@pytest.mark.parametrize("grams", [0, -1, 3001, 1e400, float("nan"), "50", True, [50]])
async def test_a_figure_that_can_not_be_true_spoils_the_answer(grams: Any) -> None:
    async with electricity_maps(answer=day(lambda ago: grams if ago == 5 else 50)) as fake:
        error = await complaint(fake)
    assert error.reason == Unheard.UNREADABLE
    assert "history.18.carbonIntensity" in str(error)


SHORT = day(lambda ago: 50 if ago < 17 else None)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("<html>Sign in</html>", "json_invalid"),
        ("", "json_invalid"),
        ('{"zone": "FR", "history": ' + "[" * 10_000, "json_invalid"),
        ([], "model_type"),
        ({"zone": "FR"}, "history: missing"),
        ({"zone": "FR", "history": []}, "has 0 hours of the last 24"),
        (SHORT, "has 17 hours of the last 24; at least 18 make a mean"),
        (day() | {"zone": "DE"}, "zone: is not FR"),
        (day(zone="DE"), "zone: is not FR"),
        (day(emissionFactorType="direct"), "history.0.emissionFactorType: literal_error"),
        (day(flowTraced=False), "history.0.flowTraced: literal_error"),
        (day(temporalGranularity="daily"), "history.0.temporalGranularity: literal_error"),
        (day(isEstimated="no"), "history.0.isEstimated: bool_type"),
        (day(datetime="2026-05-04T12:00:00"), "history.0.datetime: timezone_aware"),
        (day(datetime="2026-05-04T12:00:00Z"), "has 1 hours of the last 24"),
        (day(datetime="yesterday"), "history.0.datetime: datetime"),
        (day(datetime="0001-01-01T00:00:00+14:00"), "history.0.datetime: greater_than_equal"),
        (day(datetime="9999-12-31T23:30:00Z"), "history.0.datetime: less_than"),
        (day() | {"history": [*day()["history"], hour(NOW + timedelta(hours=2))]}, "ends in the future"),
    ],
)
async def test_what_is_not_as_published_is_refused_by_field(answer: object, why: str) -> None:
    async with electricity_maps(answer=answer) as fake:
        error = await complaint(fake)
    assert error.reason == Unheard.UNREADABLE
    assert str(error).startswith("the answer of Electricity Maps can't be used: ")
    assert why in str(error)


async def test_figures_that_a_sandbox_invents_are_no_figures() -> None:
    async with electricity_maps(answer=day(isEstimated=True, estimationMethod="SANDBOX_MODE_DATA")) as fake:
        error = await complaint(fake)
    assert error.reason == Unheard.SANDBOX


@pytest.mark.parametrize("sent", [MAX_BYTES + 1, 50 * MAX_BYTES])
async def test_a_huge_answer_is_not_read_to_its_end(sent: int) -> None:
    async with electricity_maps(answer=json.dumps(day()).ljust(sent)) as fake:
        assert "is longer than 64 KiB" in str(await complaint(fake))


async def test_an_answer_of_just_the_limit_is_read() -> None:
    async with electricity_maps(answer=json.dumps(day()).ljust(MAX_BYTES)) as fake:
        assert (await last_day(fake)).hours == 24


async def test_an_answer_that_swells_when_it_is_unpacked_stays_packed() -> None:
    async with electricity_maps() as fake:

        def packed(_: web.Request) -> web.StreamResponse:
            response = web.Response(text=json.dumps(day()).ljust(50 * MAX_BYTES))
            response.enable_compression(web.ContentCoding.gzip)
            return response

        fake.trouble = [packed]
        assert "json_invalid" in str(await complaint(fake))


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, Unheard.ZONE_UNKNOWN),
        (401, Unheard.KEY_REFUSED),
        (402, Unheard.KEY_REFUSED),
        (403, Unheard.KEY_REFUSED),
        (404, Unheard.ZONE_UNKNOWN),
        (418, Unheard.UNREACHABLE),
        (429, Unheard.BUSY),
        (500, Unheard.UNREACHABLE),
        (503, Unheard.UNREACHABLE),
    ],
)
async def test_each_refusal_has_its_reason_and_says_its_status(status: int, reason: Unheard) -> None:
    async with electricity_maps(trouble=[lambda request: refused(status, request.headers["auth-token"])]) as fake:
        error = await complaint(fake)
    assert error.reason == reason
    assert f"HTTP {status}" in str(error)
    assert error.wait == timedelta(0)
    assert KEY not in str(error)


async def test_what_failed_once_is_not_asked_again_by_itself_and_may_be_well_the_next_time() -> None:
    async with electricity_maps(trouble=[lambda _: refused(500)]) as fake:
        assert (await complaint(fake)).reason == Unheard.UNREACHABLE
        assert len(fake.asked) == 1
        assert (await last_day(fake)).hours == 24


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("120", timedelta(minutes=2)),
        ("Mon, 04 May 2026 13:20:00 GMT", timedelta(hours=1)),
        ("Mon, 04 May 2026 11:20:00 GMT", timedelta(0)),
        ("9" * 400, timedelta(seconds=999_999_999)),
        ("-5", timedelta(0)),
        ("soon", timedelta(0)),
        ("", timedelta(0)),
    ],
)
async def test_it_says_how_long_it_wants_to_be_left_alone(said: str, wait: timedelta) -> None:
    async with electricity_maps(trouble=[lambda _: refused(429, Retry_After=said)]) as fake:
        error = await complaint(fake)
    assert (error.reason, error.wait) == (Unheard.BUSY, wait)


async def test_the_key_does_not_follow_where_the_answer_points_to() -> None:
    async with electricity_maps() as other, electricity_maps() as fake:
        fake.trouble = [lambda _: refused(302, Location=other.address + "/v4/carbon-intensity/history?zone=FR")]
        assert "HTTP 302" in str(await complaint(fake))
        assert other.asked == []


async def test_one_that_never_answers_is_given_up() -> None:
    async with electricity_maps(timeout=0.2, trouble=[lambda _: Silence()]) as fake:
        error = await complaint(fake)
    assert (error.reason, str(error)) == (Unheard.UNREACHABLE, "Electricity Maps can't be reached: TimeoutError")


async def test_one_that_is_not_there_or_hangs_up_is_unreachable() -> None:
    def hang_up(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with electricity_maps(trouble=[hang_up, hang_up]) as fake:
        assert (await complaint(fake)).reason == Unheard.UNREACHABLE
    assert (await complaint(fake)).reason == Unheard.UNREACHABLE


@pytest.mark.parametrize("text", ["Infinity", "-Infinity", "NaN", "1e999"])
def test_what_json_does_not_know_is_no_figure(text: str) -> None:
    body = json.dumps(day(lambda ago: 50)).replace('"carbonIntensity": 50', f'"carbonIntensity": {text}')
    with pytest.raises(NoReadingError, match="carbonIntensity"):
        reading_of(body.encode(), "FR", NOW)
