"""What adapting would cost: steps from scores and records, then hours, energy, carbon and money, each with an interval.

Imports the API and numpy only. Power, prices and grid intensity come in as values of a CostProfile, which may
leave the last to the shipped table; nothing decides.
"""

from modelreuse.costs.abstaining import LEAST_RECORDS
from modelreuse.costs.cases import Case, Situation, cases_of, situation_of, teaches
from modelreuse.costs.features import SCORES
from modelreuse.costs.forecasting import FROM_SLOPES, LEAST_FACTOR, LEVEL, Experience, StepsForecast
from modelreuse.costs.grid import UnknownZoneError, at_intensity, listed_intensity, with_intensity
from modelreuse.costs.held_out import shifts_needed
from modelreuse.costs.hindsight import LEAST_CLAIMS, Ended, Hindsight, looking_back
from modelreuse.costs.machine import (
    Machine,
    dearest_machine,
    hardware_of,
    machine_again,
    machine_by_roofline,
    machine_of,
    may_be_on,
)
from modelreuse.costs.prediction import Candidate, pilot_cost, predict
from modelreuse.costs.quantities import Interval
from modelreuse.costs.returns import expected_return
from modelreuse.costs.roofline import Ceilings, TimedStep
from modelreuse.costs.spent import NOTHING, energy_of_pod_time, share, spending_of_pod_time, total
from modelreuse.costs.step_cost import StepCost, step_cost, tells_of_other_machines

__all__ = [
    "FROM_SLOPES",
    "LEAST_CLAIMS",
    "LEAST_FACTOR",
    "LEAST_RECORDS",
    "LEVEL",
    "NOTHING",
    "SCORES",
    "Candidate",
    "Case",
    "Ceilings",
    "Ended",
    "Experience",
    "Hindsight",
    "Interval",
    "Machine",
    "Situation",
    "StepCost",
    "StepsForecast",
    "TimedStep",
    "UnknownZoneError",
    "at_intensity",
    "cases_of",
    "dearest_machine",
    "energy_of_pod_time",
    "expected_return",
    "hardware_of",
    "listed_intensity",
    "looking_back",
    "machine_again",
    "machine_by_roofline",
    "machine_of",
    "may_be_on",
    "pilot_cost",
    "predict",
    "share",
    "shifts_needed",
    "situation_of",
    "spending_of_pod_time",
    "step_cost",
    "teaches",
    "tells_of_other_machines",
    "total",
    "with_intensity",
]
