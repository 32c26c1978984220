"""When Electricity Maps is asked, and what a CostProfile's status says of its answers."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from modelreuse.api import CostProfile, CostProfileStatus, ElectricityMaps, ElectricityMapsStatus, Failure, GridReading
from modelreuse.costs import Hindsight
from modelreuse.decisions import Backing, calibration, heard, is_due, with_the_grid
from unit.decisions import scenes
from unit.decisions.scenes import NOW
from unit.decisions.sites import LISTED, REFUSED, UNLISTED, hearing, reading, site, told

FR = ElectricityMaps(zone="FR")
READING = GridReading.model_validate(reading())
REFUSAL = Failure.model_validate(REFUSED)


def status(**what: Any) -> ElectricityMapsStatus:
    return ElectricityMapsStatus.model_validate(told(**what))


@pytest.mark.parametrize(
    ("before", "now", "due"),
    [
        (None, NOW, True),
        (status(), NOW, False),
        (status(), NOW + timedelta(minutes=59, seconds=59), False),
        (status(), NOW + timedelta(hours=1), True),
        (status(zone="DE"), NOW, True),
        (status(), NOW - timedelta(days=9), True),
    ],
)
def test_it_is_asked_when_its_turn_has_come_or_about_another_zone(
    before: ElectricityMapsStatus | None, now: datetime, *, due: bool
) -> None:
    assert is_due(FR, before, now) is due


@pytest.mark.parametrize(
    ("answer", "wait", "pause"),
    [
        (READING, timedelta(0), timedelta(hours=1)),
        (REFUSAL, timedelta(0), timedelta(minutes=10)),
        (REFUSAL, timedelta(minutes=5), timedelta(minutes=10)),
        (REFUSAL, timedelta(hours=3), timedelta(hours=3)),
        (REFUSAL, timedelta(days=99), timedelta(days=1)),
    ],
)
def test_it_is_asked_again_after_an_hour_or_a_little_after_a_failure_or_when_it_says(
    answer: GridReading | Failure, wait: timedelta, pause: timedelta
) -> None:
    assert heard(FR, None, answer, NOW, wait).ask_again_at == NOW + pause


def test_an_answer_takes_the_place_of_what_was_known_and_a_failure_does_not() -> None:
    before = heard(FR, None, READING, NOW)
    assert (before.reading, before.failure) == (READING, None)
    after = heard(FR, before, REFUSAL, NOW)
    assert (after.reading, after.failure) == (READING, REFUSAL)
    assert heard(FR, after, READING, NOW).failure is None


def test_what_was_known_of_another_zone_is_forgotten() -> None:
    assert heard(ElectricityMaps(zone="DE"), heard(FR, None, READING, NOW), REFUSAL, NOW).reading is None


def said(profile: CostProfile) -> dict[str, tuple[str, str, str]]:
    """By condition: status, reason, message."""
    assert profile.status.electricity_maps is not None
    found = with_the_grid(profile, profile.status.electricity_maps, NOW)
    return {each.type: (each.status, each.reason, each.message) for each in found.conditions}


HEARD = "200 gCO2e/kWh count (Electricity Maps, FR, life cycle: 24 h to 2026-05-04T12:00Z, 2 estimated)"


def test_a_profile_that_has_heard_says_what_and_is_ready() -> None:
    conditions = said(hearing())
    assert conditions["GridIntensityCurrent"] == ("True", "ElectricityMaps", HEARD)
    assert conditions["Ready"][:2] == ("True", "Usable")


def test_one_that_heard_a_while_ago_says_what_went_wrong_since() -> None:
    conditions = said(site(electricityMaps=told(reading=reading(), failure=REFUSED)))
    message = f"{HEARD}; since then Electricity Maps answers HTTP 401"
    assert conditions["GridIntensityCurrent"] == ("True", "ElectricityMaps", message)


def test_one_with_a_listed_figure_is_ready_and_says_that_it_is_not_the_one_of_late() -> None:
    conditions = said(site(LISTED, electricityMaps=told(failure=REFUSED)))
    assert conditions["Ready"][0] == "True"
    state, why, message = conditions["GridIntensityCurrent"]
    assert (state, why) == ("False", "ElectricityMapsKeyRefused")
    assert message.startswith("Electricity Maps answers HTTP 401; 56.04 gCO2e/kWh count (Our World in Data, 2023; ")


@pytest.mark.parametrize(
    ("why", "kind"),
    [
        ("ElectricityMapsKeyMissing", "Stalled"),
        ("ElectricityMapsKeyRefused", "Stalled"),
        ("ElectricityMapsSandbox", "Stalled"),
        ("ElectricityMapsZoneUnknown", "Stalled"),
        ("ElectricityMapsBusy", "Reconciling"),
        ("ElectricityMapsUnreachable", "Reconciling"),
        ("ElectricityMapsUnreadable", "Reconciling"),
    ],
)
def test_one_without_any_is_not_ready_and_says_whether_that_heals(why: str, kind: str) -> None:
    conditions = said(site(UNLISTED, electricityMaps=told(failure={"reason": why, "message": "no"})))
    assert conditions["Ready"][:2] == ("False", why)
    assert conditions[kind][:2] == ("True", why)
    assert len(conditions) == 3
    assert conditions["GridIntensityCurrent"] == ("False", why, "no; until then nothing can be predicted")


def calibrated(profile: CostProfile, now: datetime = NOW) -> CostProfile:
    """After its calibration was told."""
    found = calibration(profile, Backing((), ()), Hindsight(), now)
    return profile.model_copy(update={"status": CostProfileStatus.model_validate(found.to_wire())})


def types(profile: CostProfile) -> set[str]:
    return {each.type for each in profile.status.conditions}


def test_neither_of_the_two_who_write_it_takes_away_what_the_other_wrote() -> None:
    both = calibrated(hearing())
    assert both.status.electricity_maps == hearing().status.electricity_maps
    assert types(both) == {"Ready", "Calibrated", "GridIntensityCurrent"}
    later = heard(FR, None, READING.model_copy(update={"hours": 23}), NOW)
    again = with_the_grid(both, later, NOW + timedelta(hours=1))
    assert again.electricity_maps == later
    assert len(again.conditions) == len(both.status.conditions)
    assert [each for each in again.conditions if each.type == "Calibrated"] == [
        each for each in both.status.conditions if each.type == "Calibrated"
    ]
    assert (again.updated_at, again.claims) == (NOW + timedelta(hours=1), both.status.claims)


def test_that_a_figure_has_become_too_old_is_told_without_another_question() -> None:
    fresh = calibrated(hearing())
    assert calibrated(fresh, NOW + timedelta(hours=24)).status == fresh.status
    old = calibrated(fresh, NOW + timedelta(hours=25))
    reasons = {each.type: each.reason for each in old.status.conditions}
    assert reasons["Ready"] == reasons["GridIntensityCurrent"] == "ElectricityMapsOutdated"


def test_one_that_no_longer_asks_forgets() -> None:
    silent = scenes.profile(grid=LISTED).model_copy(update={"status": calibrated(hearing()).status})
    after = calibrated(silent)
    assert after.status.electricity_maps is None
    assert types(after) == {"Ready", "Calibrated"}
