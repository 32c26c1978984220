"""What the next prediction can make of records, and whether they can be believed."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from modelreuse.api import Outcome, RetrainingRecordSpec
from modelreuse.calibration.samples import ONE_IN
from modelreuse.costs import FROM_SLOPES, LEAST_FACTOR, LEAST_RECORDS, LEVEL, shifts_needed

UNLIKELY = 3.0
"""Standard errors by which a verified quality misses the target that a trainer says it met, beyond chance."""
FEW = 3


@dataclass(frozen=True)
class Recorded:
    """A retraining as its line says it."""

    spec: RetrainingRecordSpec
    outcome: Outcome

    @property
    def teaches(self) -> bool:
        """Whether a prediction learns steps from it."""
        return self.outcome.result == "Succeeded" and self.outcome.steps is not None


@dataclass(frozen=True)
class Prospect:
    """Of one recipe and action. means: what a prediction does with so many records, as a phrase."""

    recipe: str
    action: str
    records: int
    reached: int

    @property
    def means(self) -> str:
        """As docs/predictions.md says it."""
        if self.records < LEAST_RECORDS:
            return f"no point yet: {LEAST_RECORDS - self.records} more help"
        return "a point"


def prospects(records: Sequence[Recorded]) -> list[Prospect]:
    """By recipe and action, sorted."""
    kinds = sorted({(each.spec.recipe, str(each.spec.action)) for each in records})
    return [_prospect(recipe, action, records) for recipe, action in kinds]


def together(records: Iterable[Recorded]) -> str:
    """What all of them allow, in one sentence."""
    teaching = [each for each in records if each.teaches]
    kinds = len({each.spec.mechanism for each in teaching if each.spec.mechanism is not None})
    missing, lacking = FROM_SLOPES - len(teaching), shifts_needed(LEVEL) - kinds
    if missing > 0:
        slopes = f"intervals of at least a factor of {LEAST_FACTOR:g} either way; {missing} more for slopes on scores"
    else:
        slopes = "slopes on scores"
    lacked = f"intervals tested from {counted(lacking, 'kind')} more on"
    tested = "intervals tested on kinds that were left out" if lacking <= 0 else lacked
    return f"{counted(len(teaching), 'record')} of {counted(kinds, 'kind')} of shift: {slopes}; {tested}"


def counted(number: int, what: str) -> str:
    """A number of things, in English."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def doubt(records: Iterable[Recorded]) -> str | None:
    """Why the trainer seems to have learnt from other data than it was given; None where nothing says so.

    Half of what it says it reached, or more, has to be wrong.
    """
    reached = [each for each in records if each.teaches and each.outcome.target_reached]
    wrong = sum(_misses(each) for each in reached)
    if len(reached) < FEW or 2 * wrong < len(reached):
        return None
    return (
        f"in {wrong} of {len(reached)} runs the trainer says that it met its target, and the held-out samples say that "
        "it didn't: does it learn from the data that its plan names (data.new.uri), or always from the same?"
    )


def _misses(record: Recorded) -> bool:
    """Whether what was verified lies below the target beyond chance."""
    quality, target = record.outcome.new_quality, float(record.spec.target)
    if quality is None or record.spec.samples is None:
        return False
    held_out = max(record.spec.samples // (ONE_IN - 1), 1)
    return float(quality) < target - UNLIKELY * math.sqrt(max(target * (1 - target), 1 / held_out) / held_out)


def _prospect(recipe: str, action: str, records: Iterable[Recorded]) -> Prospect:
    own = [each for each in records if (each.spec.recipe, str(each.spec.action)) == (recipe, action)]
    return Prospect(
        recipe=recipe,
        action=action,
        records=sum(each.teaches for each in own),
        reached=sum(each.teaches and bool(each.outcome.target_reached) for each in own),
    )
