"""The first records of a site: retrainings by its own trainer on its own reference, shifted synthetically.

Which shifts and runs there are, what they may take and what comes of them is pure, and needs numpy only. `retrainer`
runs one, with our worker's code and the trainer as a process; it and what it imports need torch. This package must not
know who asks for a campaign, where records are kept, nor any cluster.
"""

from modelreuse.calibration.campaign import Run, campaign, usual_size
from modelreuse.calibration.expense import Budget, Expense
from modelreuse.calibration.mechanisms import SEVERITIES, Mechanism, mechanisms_for
from modelreuse.calibration.prospects import Prospect, Recorded, counted, doubt, prospects, together
from modelreuse.calibration.samples import Samples

__all__ = [
    "SEVERITIES",
    "Budget",
    "Expense",
    "Mechanism",
    "Prospect",
    "Recorded",
    "Run",
    "Samples",
    "campaign",
    "counted",
    "doubt",
    "mechanisms_for",
    "prospects",
    "together",
    "usual_size",
]
