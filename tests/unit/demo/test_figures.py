"""The table and the last line say what the status says, each figure with its basis."""

from decimal import Decimal
from typing import Any

import pytest

from demo.figures import aligned, condition, current, last_line, short, table


def spread(estimate: str | None, low: str, high: str, basis: str = "Estimated") -> dict[str, str]:
    return {**({"estimate": estimate} if estimate else {}), "low": low, "high": high, "basis": basis}


@pytest.fixture
def check() -> dict[str, Any]:
    intent = {"action": "FineTune", "model": "current"}
    fine_tune = {
        **intent,
        "steps": spread("312.4", "120.2", "801.7"),
        "hours": spread("0.01", "0.005", "0.02"),
        "energyKwh": spread("0.000131", "0.0000163", "0.000207"),
        "carbonGramsLocation": spread("0.05", "0.01", "0.08"),
        "money": spread("0.0004", "0.0001", "0.0006"),
        "currency": "EUR",
        "reachesTarget": "0.85",
    }
    retrain = {**fine_tune, "action": "Retrain", "steps": spread("9", "9", "9")}
    return {
        "metadata": {"generation": 2},
        "status": {
            "prediction": {"costs": [retrain, fine_tune]},
            "retraining": {
                "intent": intent,
                "steps": 400,
                "podSeconds": "30",
                "energyWh": "0.0428",
                "energyBasis": "Assumed",
            },
            "verification": {"metric": "accuracy", "oldQuality": "0.395", "newQuality": "0.885"},
            "conditions": [
                {
                    "type": "PromotionAllowed",
                    "status": "True",
                    "reason": "Verified",
                    "message": "",
                    "observedGeneration": 2,
                }
            ],
        },
    }


def test_the_last_line_is_as_promised(check: dict[str, Any]) -> None:
    assert last_line(check) == (
        "demo: predicted 312 steps [120..802], measured 400; "
        "predicted 0.131 Wh (Estimated), measured 0.0428 Wh (Assumed); promotion allowed"
    )


def test_a_refused_promotion_ends_with_its_reason(check: dict[str, Any]) -> None:
    check["status"]["conditions"][0].update(status="False", reason="TargetMissed")
    assert last_line(check).endswith("; promotion denied: TargetMissed")


def test_a_prediction_without_a_point_says_so(check: dict[str, Any]) -> None:
    del check["status"]["prediction"]["costs"][1]["steps"]["estimate"]
    assert last_line(check).startswith("demo: predicted unknown steps [120..802], ")


def test_the_action_that_was_carried_out_is_compared(check: dict[str, Any]) -> None:
    check["status"]["retraining"]["intent"] = {"action": "Retrain", "model": "current"}
    assert last_line(check).startswith("demo: predicted 9 steps [9..9], ")


def test_every_figure_of_the_table_has_a_basis(check: dict[str, Any]) -> None:
    rows = {row[0]: row for row in table(check)}
    assert rows["steps"] == ("steps", "312 [120..802]", "Estimated", "400", "Reported")
    assert rows["minutes"] == ("minutes", "0.600 [0.300..1.20]", "Estimated", "0.500", "Measured")
    assert rows["energy, Wh"] == ("energy, Wh", "0.131 [0.0163..0.207]", "Estimated", "0.0428", "Assumed")
    assert rows["accuracy, held out"][3:] == ("0.395 -> 0.885", "Measured")


def test_a_table_without_a_profile_has_no_carbon(check: dict[str, Any]) -> None:
    cost = check["status"]["prediction"]["costs"][1]
    del cost["carbonGramsLocation"], cost["money"]
    assert not {"carbon, gCO2e", "money, EUR"} & {row[0] for row in table(check)}


def test_columns_are_aligned() -> None:
    assert aligned([("a", "b"), ("long", "c")]) == "a     b\nlong  c"


def test_a_condition_that_is_not_there_is_unknown(check: dict[str, Any]) -> None:
    assert condition(check, "Retrained")["status"] == "Unknown"
    assert condition({}, "Retrained")["status"] == "Unknown"


def test_a_condition_of_an_older_spec_is_not_current(check: dict[str, Any]) -> None:
    assert current(check, "PromotionAllowed")["status"] == "True"
    check["metadata"]["generation"] = 3
    assert current(check, "PromotionAllowed")["status"] == "Unknown"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0"),
        ("1384.2", "1384"),
        ("99.96", "100.0"),
        ("12.345", "12.3"),
        ("0.0428", "0.0428"),
        ("0.00001234", "0.0000123"),
    ],
)
def test_figures_are_short_and_without_exponent(value: str, text: str) -> None:
    assert short(Decimal(value)) == text
