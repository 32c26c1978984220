"""The numbers that all runs share. A change here makes every record stale: it would not be comparable any more."""

from typing import Final

CAP: Final = 600
"""Steps within which a target counts as reached."""
SPACING: Final = 5
"""Steps between evaluations."""
EVALUATIONS: Final = CAP // SPACING + 2
"""Two beyond the cap, so that three in a row can begin at it."""
BASE_STEPS: Final = 2000
"""Steps that made the model to be reused, by its variant's own recipe."""
PILOT_STEPS: Final = (10, 25)
"""When a pilot looks."""
AUDIT_SHARE: Final = 1 / 3
AUDIT_LIMITS: Final = (50, 200)
"""Labelled new samples that an assessment may use: a third of them, within these limits."""
VERSION: Final = 1
"""Raised when code changes what a run does while its parameters stay."""


def audit_size(samples: int) -> int:
    """How many of so many new samples have labels before anything is decided."""
    low, high = AUDIT_LIMITS
    return min(samples, max(low, min(high, round(samples * AUDIT_SHARE))))
