"""What adapting would cost: steps from scores and records, then hours, energy, carbon and money, each with an interval.

Imports the API and numpy only. Grid intensity, power and prices come in as values of a CostProfile; nothing is looked
up, and nothing decides.
"""

from modelreuse.costs.calibration import Case, StepsPrediction, cases_of, predict_steps
from modelreuse.costs.machine import Machine, machine_of
from modelreuse.costs.prediction import predict
from modelreuse.costs.quantities import Interval
from modelreuse.costs.spent import energy_of_pod_time

__all__ = [
    "Case",
    "Interval",
    "Machine",
    "StepsPrediction",
    "cases_of",
    "energy_of_pod_time",
    "machine_of",
    "predict",
    "predict_steps",
]
