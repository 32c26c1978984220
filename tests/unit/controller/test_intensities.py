"""Electricity Maps is asked rarely and by its own key, and what it says is stored once."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from modelreuse.cluster import ElectricityMapsClient, UnavailableError
from modelreuse.controller.cache import Cache
from modelreuse.controller.intensities import Intensities
from unit.cluster_client.fake_api_server import HANGS_UP, Answer, Server, no, server
from unit.cluster_client.fake_electricity_maps import KEY, NOW, FakeElectricityMaps, electricity_maps, refused
from unit.controller import served

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n")
    return path


def profile(zone: str = "FR", version: int = 1, **status: Any) -> Json:
    found = served.profile(version=version)
    found["spec"]["grid"]["electricityMaps"] = {"zone": zone}
    return found | {"status": status}


def silent(name: str = "silent") -> Json:
    return served.profile(name)


def stored(**changes: Any) -> Answer:
    """The API server has stored the status; the profile as it is then."""
    return Answer(200, profile(version=2, **changes))


@dataclass
class Operator:
    """One that knows these profiles, with a clock that is set by hand."""

    api: Server
    maps: FakeElectricityMaps
    cache: Cache
    intensities: Intensities
    now: datetime = NOW

    async def ask(self, *answers: Answer, later: timedelta = timedelta(0)) -> None:
        """Once; the API server gives these answers."""
        self.now += later
        self.api.answers.extend(answers)
        await self.intensities.ask()

    @property
    def written(self) -> list[Json]:
        """The statuses that were to be stored."""
        return [body["status"] for body in self.api.bodies if body is not None]

    def restarted(self) -> None:
        """A new process, that knows what the last write left."""
        cache = Cache()
        cache.profiles.put(profile(version=9, **self.written[-1]))
        self.cache = cache
        self.intensities = self._made(cache, self.intensities.key_file)

    def _made(self, cache: Cache, key_file: Path | None) -> Intensities:
        return Intensities(self.intensities.client, cache, self.maps.client, key_file, lambda: self.now)


@asynccontextmanager
async def operator(key_file: Path | None, *profiles: Json, **fake: Any) -> AsyncIterator[Operator]:
    cache = Cache()
    for each in profiles or (profile(),):
        cache.profiles.put(each)
    async with electricity_maps(**fake) as maps, server([]) as (api, client):
        made = Operator(api, maps, cache, Intensities(client, cache, maps.client, key_file, lambda: made.now))
        yield made


def condition(status: Json, kind: str = "GridIntensityCurrent") -> Json:
    return next(each for each in status["conditions"] if each["type"] == kind)


async def test_what_is_told_stands_in_the_profiles_status_guarded_by_the_version_that_was_read(key_file: Path) -> None:
    async with operator(key_file) as it:
        await it.ask(stored())
        assert it.api.asked == ["PUT /apis/modelreuse.io/v1alpha1/costprofiles/site/status"]
        assert it.api.bodies[0]["metadata"] == {"name": "site", "resourceVersion": "1"}
        (status,) = it.written
    assert status["electricityMaps"] == {
        "zone": "FR",
        "askedAt": "2026-05-04T12:20:00Z",
        "askAgainAt": "2026-05-04T13:20:00Z",
        "reading": {
            "gramsPerKwh": "50",
            "beginsAt": "2026-05-03T13:00:00Z",
            "endsAt": "2026-05-04T13:00:00Z",
            "hours": 24,
            "estimatedHours": 0,
        },
    }
    assert condition(status)["status"] == "True"


async def test_it_is_asked_once_an_hour_whatever_is_restarted(key_file: Path) -> None:
    async with operator(key_file) as it:
        await it.ask(stored())
        it.restarted()
        await it.ask(later=timedelta(minutes=59))
        assert len(it.maps.asked) == 1
        await it.ask(stored(), later=timedelta(minutes=1))
        assert len(it.maps.asked) == 2


async def test_nobody_is_asked_for_a_profile_that_does_not_ask(key_file: Path) -> None:
    async with operator(key_file, silent()) as it:
        await it.ask()
        assert (it.maps.asked, it.api.asked) == ([], [])


@pytest.mark.parametrize("lost", [no(409, "Conflict"), no(404, "NotFound")])
async def test_what_could_not_be_stored_is_stored_later_without_another_question(key_file: Path, lost: Answer) -> None:
    async with operator(key_file) as it:
        await it.ask(lost)
        await it.ask(stored(), later=timedelta(minutes=3))
        assert len(it.maps.asked) == 1
        first, second = it.written
    assert first["electricityMaps"] == second["electricityMaps"]


async def test_an_api_server_that_is_away_costs_no_question_either(key_file: Path) -> None:
    async with operator(key_file) as it:
        with pytest.raises(UnavailableError):
            await it.ask(HANGS_UP)
        await it.ask(stored(), later=timedelta(minutes=3))
        assert len(it.maps.asked) == 1


async def test_a_profile_that_is_made_anew_gets_no_answer_of_the_one_before(key_file: Path) -> None:
    async with operator(key_file) as it:
        await it.ask(stored())
        it.cache.profiles.put(profile(version=7))
        await it.ask(stored(), later=timedelta(minutes=1))
        assert len(it.maps.asked) == 2


async def test_another_zone_is_asked_about_at_once(key_file: Path) -> None:
    async with operator(key_file, zones=("FR", "DE")) as it:
        await it.ask(stored())
        it.cache.profiles.put(profile("DE", version=3, **it.written[0]))
        await it.ask(stored())
        assert [each.query["zone"] for each in it.maps.asked] == ["FR", "DE"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "--electricity-maps-key-file"),
        ("missing", "can't be read: No such file or directory"),
        ("", "1 to 256 visible ASCII characters"),
        ("two\nlines", "1 to 256 visible ASCII characters"),
        ("k" * 257, "1 to 256 visible ASCII characters"),
        ("schlüssel", "1 to 256 visible ASCII characters"),
    ],
)
async def test_without_a_key_nobody_is_asked_and_the_condition_says_what_is_missing(
    tmp_path: Path, content: str | None, why: str
) -> None:
    path = tmp_path / "key"
    if content not in {None, "missing"}:
        path.write_text(str(content))
    async with operator(None if content is None else path) as it:
        await it.ask(stored())
        assert it.maps.asked == []
        (status,) = it.written
    assert condition(status)["reason"] == "ElectricityMapsKeyMissing"
    message = condition(status)["message"]
    assert why in message
    assert message.endswith("; 400 gCO2e/kWh count (a guess, 2025; ElectricityMapsKeyMissing)")
    assert condition(status, "Ready")["status"] == "True"


async def test_a_key_that_comes_later_or_is_another_is_used_without_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "key"
    async with operator(path) as it:
        await it.ask(stored())
        path.write_text("wrong")
        it.restarted()
        await it.ask(stored(), later=timedelta(minutes=10))
        path.write_text(KEY)
        it.restarted()
        await it.ask(stored(), later=timedelta(minutes=10))
        assert [condition(each)["reason"] for each in it.written] == [
            "ElectricityMapsKeyMissing",
            "ElectricityMapsKeyRefused",
            "ElectricityMaps",
        ]


async def test_a_failure_leaves_what_was_known_and_waits_as_long_as_it_is_told(key_file: Path) -> None:
    async with operator(key_file) as it:
        await it.ask(stored())
        it.restarted()
        it.maps.trouble = [lambda _: refused(429, Retry_After="7200")]
        await it.ask(stored(), later=timedelta(hours=1))
        told = it.written[1]["electricityMaps"]
        assert told["reading"] == it.written[0]["electricityMaps"]["reading"]
        assert (told["failure"]["reason"], told["askAgainAt"]) == ("ElectricityMapsBusy", "2026-05-04T15:20:00Z")
        assert condition(it.written[1])["status"] == "True"
        it.restarted()
        await it.ask(later=timedelta(minutes=119))
        assert len(it.maps.asked) == 2


@pytest.mark.parametrize("trouble", [[], [lambda request: refused(401, request.headers["auth-token"])]])
async def test_the_key_stands_neither_in_status_nor_in_the_log(
    key_file: Path, trouble: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with operator(key_file, trouble=list(trouble)) as it:
        await it.ask(stored())
        assert len(it.maps.asked) == 1
        assert "CostProfile site: " in caplog.text
        assert KEY not in caplog.text + str(it.api.bodies) + repr(it.intensities)


async def test_whatever_goes_wrong_with_one_question_the_next_is_asked(key_file: Path) -> None:
    class Broken(ElectricityMapsClient):
        async def last_day(self, zone: str, key: str, now: datetime) -> Any:
            asked.append(zone)
            if len(asked) == 2:
                came_so_far.set()
            raise RuntimeError("nobody expects this")

    asked: list[str] = []
    listed, came_so_far = asyncio.Event(), asyncio.Event()
    listed.set()
    async with operator(key_file) as it:
        broken = Intensities(it.intensities.client, it.cache, Broken(), key_file, lambda: NOW, every=0)
        running = asyncio.create_task(broken.run(listed))
        async with asyncio.timeout(30):
            await came_so_far.wait()
        running.cancel()
