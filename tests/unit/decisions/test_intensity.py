"""Which intensity a prediction is made by, and that what people think about stays as it is when the grid changes."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from modelreuse.api import CostProfile
from unit.decisions import scenes
from unit.decisions.scenes import NOW, Scene, approve, asking_for_a_pilot, assessed, created, policy, profile, spec
from unit.decisions.sites import LISTED, OWN, REFUSED, UNLISTED, hearing, reading, site, told

HEARD = "Electricity Maps, FR, life cycle: 24 h to 2026-05-04T12:00Z, 2 estimated"


def made_by(scene: Scene) -> tuple[str, str]:
    found = scene.status["prediction"]["carbonIntensity"]
    return found["gramsPerKwh"], found["source"]


def reason(scene: Scene, kind: str = "Approved") -> str:
    said: str = scene.condition(kind)["reason"]
    return said


# --- which one counts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("grid", [UNLISTED, LISTED, OWN])
def test_what_electricity_maps_tells_counts_before_all_else(grid: Any) -> None:
    assert made_by(assessed(profiles=(hearing(grid=grid),))) == ("200", HEARD)


@pytest.mark.parametrize(
    ("grid", "grams", "source"), [(LISTED, "56.04", "Our World in Data, 2023"), (OWN, "48", "own meter, 2026")]
)
@pytest.mark.parametrize(
    ("status", "why"),
    [
        ({}, "ElectricityMapsNotAsked"),
        ({"electricityMaps": told()}, "ElectricityMapsNotAsked"),
        ({"electricityMaps": told(failure=REFUSED)}, "ElectricityMapsKeyRefused"),
        ({"electricityMaps": told(zone="DE", reading=reading())}, "ElectricityMapsNotAsked"),
        (
            {"electricityMaps": told(reading=reading(ends_at=NOW - timedelta(hours=24, seconds=1)))},
            "ElectricityMapsOutdated",
        ),
        (
            {"electricityMaps": told(reading=reading(ends_at=NOW - timedelta(hours=25)), failure=REFUSED)},
            "ElectricityMapsKeyRefused",
        ),
    ],
)
def test_while_it_tells_nothing_the_listed_figure_counts_and_says_why(
    grid: Any, grams: str, source: str, status: Any, why: str
) -> None:
    assert made_by(assessed(profiles=(site(grid, **status),))) == (grams, f"{source}; {why}")


@pytest.mark.parametrize("failure", [{}, {"failure": REFUSED}])
def test_a_mean_of_a_day_is_used_for_another_day_whatever_came_after_it(failure: Any) -> None:
    late = site(electricityMaps=told(reading=reading(ends_at=NOW - timedelta(hours=24)), **failure))
    assert made_by(assessed(profiles=(late,)))[0] == "200"


def test_one_that_does_not_ask_is_told_nothing() -> None:
    silent = profile(grid=LISTED).model_copy(update={"status": hearing().status})
    assert made_by(assessed(profiles=(silent,))) == ("56.04", "Our World in Data, 2023")


def test_the_source_of_a_contract_is_not_that_of_the_tables_figure() -> None:
    contract = LISTED | {"marketGramsPerKwh": "0", "source": "contract 17", "year": 2026}
    assert made_by(assessed(profiles=(profile(grid=contract),))) == ("56.04", "Our World in Data, 2023")


def test_carbon_is_computed_by_it_and_nothing_else_is() -> None:
    by_ear = assessed(profiles=(hearing("380"),)).status["prediction"]["costs"]
    by_table = scenes.offered().status["prediction"]["costs"]
    assert by_ear == by_table
    (half, _) = assessed(profiles=(hearing("190"),)).status["prediction"]["costs"]
    assert Decimal(half["carbonGramsLocation"]["high"]) * 2 == pytest.approx(
        Decimal(by_table[0]["carbonGramsLocation"]["high"]), rel=Decimal("1e-5")
    )
    assert half["energyKwh"] == by_table[0]["energyKwh"]


# --- where none is known ---------------------------------------------------------------------------------------------


def test_where_none_is_known_nothing_can_be_approved_and_the_check_says_why() -> None:
    scene = assessed(profiles=(site(electricityMaps=told(failure=REFUSED)),))
    assert "approval" not in scene.status
    assert "recommendation" not in scene.status
    assert "carbonIntensity" not in scene.status["prediction"]
    for kind in ("Approved", "RetrainingRecommended"):
        assert reason(scene, kind) == "ElectricityMapsKeyRefused"
        message = scene.condition(kind)["message"]
        assert message.startswith("CostProfile hall-2: Electricity Maps answers HTTP 401; spec.grid.zone: no carbon")
    assert created(approve(scene, digest=scenes.offered().digest).then().plan()) == []


def test_as_soon_as_one_is_known_it_is_predicted_by() -> None:
    scene = assessed(profiles=(site(),)).settled()
    assert reason(scene) == "ElectricityMapsNotAsked"
    heard = scene.but(profiles=(hearing(),)).settled()
    assert made_by(heard) == ("200", HEARD)
    assert heard.digest == assessed(profiles=(hearing(),)).digest


# --- and that it stays -----------------------------------------------------------------------------------------------

LATER = {
    "another": hearing("900"),
    "none any more": hearing(ends_at=NOW - timedelta(days=9)),
    "a refusal": site(electricityMaps=told(failure=REFUSED)),
    "nothing": site(),
}


@pytest.fixture(params=LATER)
def later(request: pytest.FixtureRequest) -> CostProfile:
    return LATER[request.param]


def test_an_offer_stays_what_it_is_and_can_be_approved(later: CostProfile) -> None:
    before = assessed(profiles=(hearing(),))
    after = before.but(profiles=(later,)).then().later(hours=1).then()
    assert after.status["prediction"] == before.status["prediction"]
    assert after.status["approval"] == before.status["approval"]
    assert after.condition("Approved") == before.condition("Approved")
    assert approve(after).settled().status["retraining"]["launched"]


def test_an_approval_of_before_launches_what_it_approved(later: CostProfile) -> None:
    before = approve(assessed(profiles=(hearing(),))).then()
    assert before.but(profiles=(later,)).settled().status["retraining"]["launched"]


def test_a_pilot_on_offer_stays_what_it_is(later: CostProfile) -> None:
    before = assessed(spec=asking_for_a_pilot(), profiles=(hearing(),))
    after = before.but(profiles=(later,)).then()
    assert after.digest == before.digest
    assert after.status["pilot"] == before.status["pilot"]
    assert approve(after).settled().status["retraining"]["intent"]["pilotSteps"] == 25


def test_what_comes_after_a_pilot_goes_by_the_same(later: CostProfile) -> None:
    scene = approve(assessed(spec=asking_for_a_pilot(), profiles=(hearing(),))).then().then().then().then()
    ended = scene.answered(scene.training, scenes.pilot_result(scene.digest)).but(profiles=(later,)).settled()
    assert reason(ended, "Retrained") == "PilotEnded"
    assert made_by(ended) == ("200", HEARD)
    assert reason(ended) == "AwaitingApproval"


def launched_under_a_budget(*later: CostProfile) -> Scene:
    """Assessed by 200 grams, and launched; later: of another profile, then."""
    scene = approve(assessed(policies=(policy(budget={"carbonKg": "1"}),), profiles=(hearing(),)))
    return scene.but(profiles=later or scene.profiles).then().then().then().then().then()


def held(scene: Scene) -> Decimal:
    (reservation,) = scene.policies[0].status.reservations
    return reservation.carbon_kg


def charged(scene: Scene) -> Decimal:
    """Once it has ended."""
    ended = scene.answered(scene.training, scenes.result(scene.digest)).then().then()
    (charge,) = ended.policies[0].status.charges
    return charge.carbon_kg


def test_a_budget_holds_and_is_charged_what_was_approved(later: CostProfile) -> None:
    scene = launched_under_a_budget(later)
    assert held(scene) == held(launched_under_a_budget())
    assert 0 < charged(scene) == charged(launched_under_a_budget()) < held(scene)


def edited(profile: CostProfile) -> CostProfile:
    """With more energy, by whoever looks after it."""
    return profile.model_copy(update={"spec": profile.spec.model_copy(update={"pue": Decimal("2.8")})})


def test_a_profile_that_is_edited_while_it_runs_brings_no_other_intensity(later: CostProfile) -> None:
    scene = launched_under_a_budget()
    twice = charged(scene.but(profiles=(edited(later),)))
    assert twice == pytest.approx(2 * charged(scene), rel=Decimal("1e-5"))


def test_of_one_that_was_predicted_without_an_intensity_all_is_charged_where_none_is_known() -> None:
    scene = launched_under_a_budget()
    prediction = {key: value for key, value in scene.status["prediction"].items() if key != "carbonIntensity"}
    older = scene.but(status=scene.status | {"prediction": prediction}, profiles=(edited(site()),))
    assert charged(older) == held(scene)


def test_another_profile_predicts_anew_by_the_figure_of_then() -> None:
    before = assessed(profiles=(hearing(),))
    dearer = hearing("900", ends_at=NOW + timedelta(hours=2))
    after = before.later(hours=2).but(profiles=(edited(dearer),)).then()
    assert made_by(after)[0] == "900"
    assert after.digest != before.digest


def test_a_new_assessment_goes_by_the_figure_of_then() -> None:
    before = assessed(profiles=(hearing(),))
    again = before.annotated(assess="again").but(profiles=(hearing("900"),), nonce="f00d" * 8).then().then()
    name = again.assessment["job"]["name"]
    after = again.answered(name, scenes.summary(again.jobs[name].task or "")).then()
    assert made_by(after)[0] == "900"


@pytest.mark.parametrize("answer", [{}, {"layers": ["fc1", "fc2"]}])
def test_a_scheduled_assessment_that_finds_none_takes_nothing_away_whatever_it_would_advise(answer: Any) -> None:
    waiting = assessed(spec=spec(schedule="0 * * * *"), profiles=(hearing(),))
    scene = waiting.but(nonce="f00d" * 8, profiles=(site(),)).later(hours=1).then().then()
    name = scene.status["screening"]["models"][0]["job"]["name"]
    after = scene.answered(name, scenes.summary(scene.jobs[name].task or "", **answer)).then()
    assert "screening" not in after.status
    assert after.digest == waiting.digest
    assert reason(after) == "AwaitingApproval"
