"""Predicted figures in words: units that fit, and nothing said that is unknown."""

from typing import Any

import pytest

from modelreuse.api import PredictedCost
from modelreuse.decisions import sentence
from modelreuse.decisions.describing import energy, most_energy, steps, summary


def cost(**changes: Any) -> PredictedCost:
    spread = {"low": "1", "high": "2", "basis": "Assumed"}
    known = {"action": "Retrain", "model": "m", "steps": spread, "hours": spread, "energyKwh": spread}
    return PredictedCost.model_validate(known | changes)


def spread(low: str, high: str, **more: str) -> dict[str, str]:
    return {"low": low, "high": high, "basis": "Estimated"} | more


def test_a_sentence_tells_all_that_is_predicted_and_no_more() -> None:
    short = "Retrain m: [1..2] steps (Assumed), [1..2] kWh (Assumed), [60..120] minutes (Assumed)"
    assert sentence(cost()) == short
    known = {
        "carbonGramsLocation": spread("10", "20"),
        "money": spread("3", "4", estimate="3.5"),
        "currency": "EUR",
        "quality": spread("0.8", "0.9", estimate="0.85"),
    }
    assert sentence(cost(**known)) == (
        f"{short}, [10..20] gCO2e (Estimated), 3.5 [3..4] EUR (Estimated), 0.85 [0.8..0.9] accuracy (Estimated)"
    )


@pytest.mark.parametrize(("high", "told"), [("999", "[1..999] steps"), ("1000", "[1..>1000] steps")])
def test_an_upper_end_that_the_budget_cuts_off_is_marked(high: str, told: str) -> None:
    assert steps(cost(steps=spread("1", high)), 1000) == f"{told} (Estimated)"
    assert steps(cost(steps=spread("1", high))) == f"[1..{high}] steps (Estimated)"


def test_whole_numbers_are_not_rounded_and_others_are() -> None:
    assert steps(cost(steps=spread("1", "1234"))) == "[1..1234] steps (Estimated)"
    assert steps(cost(steps=spread("1.2345", "1234"))) == "[1.23..1234] steps (Estimated)"


@pytest.mark.parametrize(
    ("high", "told", "most"), [("0.999", "[100..999] Wh", "999 Wh"), ("1", "[0.1..1] kWh", "1 kWh")]
)
def test_energy_is_told_in_the_unit_that_fits_its_upper_end(high: str, told: str, most: str) -> None:
    known = cost(energyKwh=spread("0.1", high))
    assert energy(known) == f"{told} (Estimated)"
    assert most_energy(known) == most


@pytest.mark.parametrize(("high", "told"), [("999", "[10..999] gCO2e"), ("1000", "[0.01..1] kgCO2e")])
def test_carbon_is_told_in_the_unit_that_fits_its_upper_end(high: str, told: str) -> None:
    assert summary(cost(carbonGramsLocation=spread("10", high))).carbon == f"{told} (Estimated)"
    assert summary(cost()).carbon is None
