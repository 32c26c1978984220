"""Predicted against measured: the table at the end, and the last line. Pure functions of what kubectl returns."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

Object = Mapping[str, Any]
NOTHING = "-"


def condition(check: Object, kind: str) -> Object:
    """A condition by its type; status Unknown where there is none yet."""
    conditions: Sequence[Object] = check.get("status", {}).get("conditions", [])
    return next(
        (each for each in conditions if each["type"] == kind), {"status": "Unknown", "reason": "", "message": ""}
    )


def current(check: Object, kind: str) -> Object:
    """The condition, but Unknown where it speaks of an older spec."""
    found = condition(check, kind)
    stale = found.get("observedGeneration", 0) < check["metadata"].get("generation", 0)
    return {"status": "Unknown", "reason": "", "message": ""} if stale else found


def predicted_cost(check: Object) -> Object:
    """What was predicted for the action that was carried out."""
    intent = check["status"]["retraining"]["intent"]
    costs: Sequence[Object] = check["status"]["prediction"]["costs"]
    return next(cost for cost in costs if (cost["action"], cost["model"]) == (intent["action"], intent["model"]))


def table(check: Object) -> list[tuple[str, str, str, str, str]]:
    """Rows of figure, predicted, its basis, measured, its basis; the first row is the heading."""
    status, cost = check["status"], predicted_cost(check)
    retraining, verification = status["retraining"], status.get("verification", {})
    target = f"reach the target: {percent(cost['reachesTarget'])}" if "reachesTarget" in cost else NOTHING
    rows = [
        ("figure", "predicted [low..high]", "basis", "measured", "basis"),
        ("steps", spread(cost["steps"]), cost["steps"]["basis"], str(retraining.get("steps", NOTHING)), "Reported"),
        (
            "minutes",
            spread(cost["hours"], 60),
            cost["hours"]["basis"],
            short(Decimal(retraining["podSeconds"]) / 60) if "podSeconds" in retraining else NOTHING,
            "Measured",
        ),
        (
            "energy, Wh",
            spread(cost["energyKwh"], 1000),
            cost["energyKwh"]["basis"],
            short(Decimal(retraining["energyWh"])) if "energyWh" in retraining else NOTHING,
            retraining.get("energyBasis", NOTHING),
        ),
    ]
    if "carbonGramsLocation" in cost:
        carbon = cost["carbonGramsLocation"]
        rows.append(("carbon, gCO2e", spread(carbon), carbon["basis"], NOTHING, NOTHING))
    if "money" in cost:
        rows.append(
            (f"money, {cost.get('currency', '')}", spread(cost["money"]), cost["money"]["basis"], NOTHING, NOTHING)
        )
    quality = f"{verification.get('oldQuality', NOTHING)} -> {verification.get('newQuality', NOTHING)}"
    rows.append((f"{verification.get('metric') or 'quality'}, held out", target, "Estimated", quality, "Measured"))
    return rows


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows as columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def last_line(check: Object) -> str:
    """The line that scripts read."""
    cost, retraining = predicted_cost(check), check["status"]["retraining"]
    steps, energy = cost["steps"], cost["energyKwh"]
    verdict = condition(check, "PromotionAllowed")
    told = "allowed" if verdict["status"] == "True" else f"denied: {verdict['reason']}"
    measured_energy = short(Decimal(retraining["energyWh"])) if "energyWh" in retraining else "unknown"
    return (
        f"demo: predicted {steps_of(steps)} steps [{whole(steps['low'])}..{whole(steps['high'])}], "
        f"measured {retraining.get('steps', 'unknown')}; "
        f"predicted {estimate(energy, 1000)} Wh ({energy['basis']}), "
        f"measured {measured_energy} Wh ({retraining.get('energyBasis', 'unknown')}); promotion {told}"
    )


def spread(figure: Object, scale: int = 1) -> str:
    """`estimate [low..high]`."""
    low, high = (short(Decimal(figure[end]) * scale) for end in ("low", "high"))
    return f"{estimate(figure, scale)} [{low}..{high}]"


def estimate(figure: Object, scale: int = 1) -> str:
    """The point that was predicted, or that there was none."""
    return short(Decimal(figure["estimate"]) * scale) if "estimate" in figure else "unknown"


def steps_of(figure: Object) -> str:
    """The predicted steps, which are whole."""
    return whole(figure["estimate"]) if "estimate" in figure else "unknown"


def whole(value: str) -> str:
    """Rounded to a whole number."""
    return f"{Decimal(value):.0f}"


def short(value: Decimal) -> str:
    """Three significant digits, or whole numbers from 100 on; no exponent."""
    if value == 0:
        return "0"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.{2 - value.adjusted()}f}"


def percent(value: str) -> str:
    """A fraction as a percentage."""
    return f"{Decimal(value) * 100:.0f} %"
