"""What a retraining has cost: pod time that the operator saw, times the profile's power. No trainer's claim counts."""

from decimal import ROUND_CEILING, Decimal

from modelreuse.api import Basis, CostProfileSpec, Spending, decimal
from modelreuse.costs.grid import location_intensity
from modelreuse.costs.machine import Machine

NOTHING = Spending(pod_seconds=Decimal(0), energy_kwh=Decimal(0), carbon_kg=Decimal(0), money=Decimal(0))


def energy_of_pod_time(machine: Machine, seconds: float) -> tuple[float, Basis]:
    """Energy in Wh, PUE included, and its basis: Estimated, since no meter was read."""
    return machine.watt_hours(seconds), Basis.ESTIMATED


def spending_of_pod_time(machine: Machine, profile: CostProfileSpec, seconds: float) -> Spending:
    """What `seconds` on this machine take from a budget, each figure rounded up to six digits.

    Carbon is the larger of location- and market-based, with the machine's embodied share (the high end
    where it isn't known); money is energy and rent, and 0 where the profile knows no prices.
    """
    kilowatt_hours = machine.watt_hours(seconds) / 1000
    hours = seconds / 3600
    intensity = max(location_intensity(profile.grid), float(profile.grid.market_grams_per_kwh or 0))
    grams = kilowatt_hours * intensity + hours * machine.embodied_grams_per_hour.high
    per_kwh = float(profile.prices.per_kwh) if profile.prices else 0.0
    rent = machine.price_per_hour if profile.prices else 0.0
    return Spending(
        pod_seconds=_up(seconds),
        energy_kwh=_up(kilowatt_hours),
        carbon_kg=_up(grams / 1000),
        money=_up(kilowatt_hours * per_kwh + hours * rent),
    )


def total(*parts: Spending) -> Spending:
    """The sum, rounded up: adding up must not make room."""
    return Spending(
        pod_seconds=_up(sum(part.pod_seconds for part in parts)),
        energy_kwh=_up(sum(part.energy_kwh for part in parts)),
        carbon_kg=_up(sum(part.carbon_kg for part in parts)),
        money=_up(sum(part.money for part in parts)),
    )


def share(whole: Spending, seconds: Decimal) -> Spending:
    """What `seconds` of pod time take, where `whole` says what its own pod time takes."""
    if whole.pod_seconds == 0:
        return whole
    factor = seconds / whole.pod_seconds
    return Spending(
        pod_seconds=_up(seconds),
        energy_kwh=_up(whole.energy_kwh * factor),
        carbon_kg=_up(whole.carbon_kg * factor),
        money=_up(whole.money * factor),
    )


def _up(value: float | Decimal | int) -> Decimal:
    """At least `value`, as it goes onto the wire: six significant digits, fifteen after the point."""
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    rounded = decimal(exact)
    if rounded < exact:
        rounded += Decimal((0, (1,), exact.adjusted() - 5))
    return rounded.quantize(Decimal("1e-15"), rounding=ROUND_CEILING).normalize() if rounded else Decimal(0)
