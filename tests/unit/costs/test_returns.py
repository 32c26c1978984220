"""What is expected back: by hand, and not at all where a part of it is unknown."""

from decimal import Decimal
from typing import Any

import pytest

from modelreuse.api import Basis, ModelAssessment, PredictedCost, Prices
from modelreuse.costs import expected_return

RANGE = {"low": "1", "high": "2", "basis": "Estimated"}
MONEY = {"estimate": "30", "low": "20", "high": "50", "basis": "Estimated"}


def cost(**changes: Any) -> PredictedCost:
    known = {
        "action": "Retrain",
        "model": "current",
        "steps": RANGE,
        "hours": RANGE,
        "energyKwh": RANGE,
        "money": MONEY,
        "currency": "EUR",
        "reachesTarget": "0.8",
    } | changes
    return PredictedCost.model_validate({key: value for key, value in known.items() if value is not None})


def assessment(accuracy: str | None = "0.7", labelled: int = 100) -> ModelAssessment:
    score = {"name": "initial_accuracy_new", "value": accuracy, "labels": "Given"}
    known = {"model": "current", "job": {"name": "j"}, "samples": 500, "labelled": labelled}
    return ModelAssessment.model_validate(known | {"scores": [score] if accuracy else []})


def prices(**changes: Any) -> Prices:
    known = {"currency": "EUR", "perKwh": "0.3", "perLabel": "0.1", "perValidation": "200"} | changes
    return Prices.model_validate({key: value for key, value in known.items() if value is not None})


def known(**changes: Any) -> dict[str, Any]:
    return {"target": Decimal("0.9"), "point_value": Decimal(50), "prices": prices()} | changes


def test_by_hand() -> None:
    found = expected_return(cost(), assessment(), **known())
    assert found is not None
    # 0.8 x 50 EUR x 20 points, less 400 labels at 0.10 EUR, a validation at 200 EUR, and 20 to 50 EUR of retraining.
    rest = 800 - 40 - 200
    assert (found.estimate, found.low, found.high) == (rest - 30, rest - 50, rest - 20)
    assert (found.currency, found.basis) == ("EUR", Basis.ESTIMATED)


def test_it_may_be_a_loss() -> None:
    found = expected_return(cost(), assessment(), **known(point_value=Decimal(1)))
    assert found is not None
    assert found.high < 0


def test_a_model_that_is_good_enough_already_gains_nothing() -> None:
    found = expected_return(cost(), assessment("0.95", labelled=500), **known())
    assert found is not None
    assert found.high == -200 - 20


def test_without_a_point_of_the_price_there_is_none_of_the_return() -> None:
    found = expected_return(cost(money=MONEY | {"estimate": None}), assessment(), **known())
    assert found is not None
    assert found.estimate is None


@pytest.mark.parametrize(
    "unknown",
    [
        {"target": None},
        {"point_value": None},
        {"prices": None},
        {"prices": prices(perLabel=None)},
        {"prices": prices(perValidation=None)},
    ],
)
def test_nothing_unknown_counts_as_nothing(unknown: dict[str, Any]) -> None:
    assert expected_return(cost(), assessment(), **known(**unknown)) is None


@pytest.mark.parametrize("missing", ["money", "reachesTarget"])
def test_neither_does_a_figure_that_was_not_predicted(missing: str) -> None:
    assert expected_return(cost(**{missing: None}), assessment(), **known()) is None


def test_without_labels_on_the_new_data_the_gain_is_unknown() -> None:
    assert expected_return(cost(), assessment(None), **known()) is None
