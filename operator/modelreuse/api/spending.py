"""What pods use, in the units that budgets are given in. Checks and policies both speak of it."""

from modelreuse.api.types import Amount, StatusModel


class Spending(StatusModel):
    """What pods used, or may use, by the CostProfile."""

    pod_seconds: Amount
    energy_kwh: Amount
    carbon_kg: Amount
    money: Amount
