"""What adapting would cost: steps from scores and records, then hours, energy, carbon and money, each with an interval.

Imports the API and numpy only. Grid intensity, power and prices come in as values of a CostProfile; nothing is looked
up, and nothing decides.
"""

from modelreuse.costs.calibration import Case, StepsPrediction, cases_of, predict_steps
from modelreuse.costs.machine import Machine, dearest_machine, machine_of
from modelreuse.costs.prediction import predict
from modelreuse.costs.quantities import Interval
from modelreuse.costs.spent import NOTHING, energy_of_pod_time, share, spending_of_pod_time, total

__all__ = [
    "NOTHING",
    "Case",
    "Interval",
    "Machine",
    "StepsPrediction",
    "cases_of",
    "dearest_machine",
    "energy_of_pod_time",
    "machine_of",
    "predict",
    "predict_steps",
    "share",
    "spending_of_pod_time",
    "total",
]
