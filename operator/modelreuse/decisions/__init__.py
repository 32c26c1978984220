"""What should happen next: pure rules from an observation and a clock to a plan. No I/O, no client, no environment."""

from modelreuse.decisions.auditing import Audit, audit, contradictions
from modelreuse.decisions.budgets import forfeited
from modelreuse.decisions.calibrating import Backing, backing, calibration
from modelreuse.decisions.describing import qualities, sentence
from modelreuse.decisions.digest import sha256_of
from modelreuse.decisions.grid import heard, is_due, with_the_grid
from modelreuse.decisions.observed import (
    Deadline,
    Event,
    Ledger,
    Observed,
    ObservedJob,
    ObservedPod,
    ObservedService,
    OwnedJob,
    Plan,
    Prepared,
    RecordOutcome,
    Refusal,
    Rights,
    Settings,
)
from modelreuse.decisions.offer import absolute_target
from modelreuse.decisions.orphans import is_open, lost, orphans
from modelreuse.decisions.plan import plan
from modelreuse.decisions.plausibility import implausible
from modelreuse.decisions.policies import described, governing
from modelreuse.decisions.promoting import Promotable, promotable
from modelreuse.decisions.reading import JobToRead, jobs_to_read, names_in

__all__ = [
    "Audit",
    "Backing",
    "Deadline",
    "Event",
    "JobToRead",
    "Ledger",
    "Observed",
    "ObservedJob",
    "ObservedPod",
    "ObservedService",
    "OwnedJob",
    "Plan",
    "Prepared",
    "Promotable",
    "RecordOutcome",
    "Refusal",
    "Rights",
    "Settings",
    "absolute_target",
    "audit",
    "backing",
    "calibration",
    "contradictions",
    "described",
    "forfeited",
    "governing",
    "heard",
    "implausible",
    "is_due",
    "is_open",
    "jobs_to_read",
    "lost",
    "names_in",
    "orphans",
    "plan",
    "promotable",
    "qualities",
    "sentence",
    "sha256_of",
    "with_the_grid",
]
