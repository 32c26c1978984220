"""What should happen next: pure rules from an observation and a clock to a plan. No I/O, no client, no environment."""

from modelreuse.decisions.observed import (
    Event,
    Observed,
    ObservedJob,
    ObservedPod,
    Plan,
    RecordOutcome,
    Rights,
    Settings,
)
from modelreuse.decisions.plan import plan

__all__ = [
    "Event",
    "Observed",
    "ObservedJob",
    "ObservedPod",
    "Plan",
    "RecordOutcome",
    "Rights",
    "Settings",
    "plan",
]
