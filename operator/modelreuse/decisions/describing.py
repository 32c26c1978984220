"""Predicted figures in the words of the status: what a manager reads before deciding."""

from collections.abc import Iterable
from decimal import Decimal

from modelreuse.api import Evaluation, PilotStatus, PredictedCost, Range, Summary, decimal, format_decimal

_KILO = Decimal(1000)


def summary(cost: PredictedCost) -> Summary:
    """The recommended action's energy and carbon, for `kubectl get`."""
    carbon = cost.carbon_grams_location
    return Summary(energy=energy(cost), carbon=_figure(carbon, "gCO2e", "kgCO2e") if carbon else None)


def energy(cost: PredictedCost) -> str:
    """Predicted energy, in Wh or kWh."""
    return _figure(_times(cost.energy_kwh, _KILO), "Wh", "kWh")


def most_energy(cost: PredictedCost) -> str:
    """The upper end of the predicted energy, in Wh or kWh."""
    watt_hours = cost.energy_kwh.high * _KILO
    return f"{_short(cost.energy_kwh.high)} kWh" if watt_hours >= _KILO else f"{_short(watt_hours)} Wh"


def steps(cost: PredictedCost, max_steps: int | None = None) -> str:
    """Predicted steps; `>` before an upper end that the declared budget cuts off."""
    return _figure(cost.steps, "steps", end=">" if max_steps is not None and cost.steps.high >= max_steps else "")


def sentence(cost: PredictedCost, max_steps: int | None = None) -> str:
    """Everything predicted for one action, in one line; `>` before an upper end that the declared budget cuts off."""
    parts = [steps(cost, max_steps), energy(cost), _figure(_times(cost.hours, Decimal(60)), "minutes")]
    if cost.carbon_grams_location:
        parts.append(_figure(cost.carbon_grams_location, "gCO2e", "kgCO2e"))
    if cost.money:
        parts.append(_figure(cost.money, cost.currency))
    if cost.quality:
        parts.append(_figure(cost.quality, "accuracy"))
    return f"{cost.action} {cost.model}: {', '.join(parts)}"


def pilot_sentence(cost: PredictedCost, pilot_steps: int) -> str:
    """The same of a pilot, with what it is and what it takes at most before all else."""
    return f"a pilot of {pilot_steps} steps, at most {most_energy(cost)}: {sentence(cost)}"


def seen(pilot: PilotStatus) -> str:
    """What came of a pilot."""
    if pilot.failure is not None:
        return f"the pilot of {pilot.steps} steps told nothing: {pilot.failure.message}"
    return f"a pilot of {pilot.steps} steps saw {qualities(pilot.evaluations)}"


def qualities(evaluations: Iterable[Evaluation]) -> str:
    """What a trainer saw, and when."""
    return "the quality " + ", ".join(f"{format_decimal(each.quality)} after {each.step}" for each in evaluations)


def _figure(value: Range, unit: str | None, thousands: str | None = None, *, end: str = "") -> str:
    if thousands and value.high >= _KILO:
        value, unit = _times(value, 1 / _KILO), thousands
    middle = f"{_short(value.estimate)} " if value.estimate is not None else ""
    return f"{middle}[{_short(value.low)}..{end}{_short(value.high)}] {unit} ({value.basis})"


def _times(value: Range, factor: Decimal) -> Range:
    return Range(
        estimate=None if value.estimate is None else decimal(value.estimate * factor),
        low=decimal(value.low * factor),
        high=decimal(value.high * factor),
        basis=value.basis,
    )


def _short(value: Decimal) -> str:
    return format_decimal(value if value == value.to_integral_value() else Decimal(f"{value:.3g}"))
