"""What the recommended action would have cost, beside the cheapest that reached the target: in CPU seconds.

Recommended is what the product recommends: the model as it is where that probably meets the target; else, of the arms
that reach it as often as a policy asks by default, the one of the least expected cost (`expected_energy`); else none.
A training stops at the upper end of its interval; one that has not reached the target by then is paid, and the best arm
too. Where none was recommended and one would have done, the best is still to be paid and no more: that this is wrong
too, only the rate of wrong actions says.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bench.prediction.judging import Judged
from modelreuse.api.policy import Uncertainty

KEEP, NONE = "Reuse", "none"


@dataclass(frozen=True)
class Decision:
    """Of one setting. recommended, best: an arm, KEEP or NONE. paid, least: CPU seconds."""

    recommended: str
    best: str
    paid: float
    least: float


def decisions(every: Sequence[Judged]) -> list[Decision]:
    """Of every setting all three arms of which were judged."""
    settings: dict[str, list[Judged]] = {}
    for one in every:
        if one.record.row.repeat == 0:
            settings.setdefault(one.record.row.setting, []).append(one)
    return [_decided(arms) for arms in settings.values() if len(arms) == 3]


def regret(made: Sequence[Decision]) -> float:
    """Paid beyond the least that was possible, over that least; both summed."""
    least = sum(each.least for each in made)
    return (sum(each.paid for each in made) - least) / least


def wrong_rate(made: Sequence[Decision]) -> float:
    """Share of settings where another action than the cheapest that reached the target was recommended."""
    return sum(each.recommended != each.best for each in made) / len(made)


def _decided(arms: Sequence[Judged]) -> Decision:
    spent = {str(one.record.row.arm): _spent(one) for one in arms}
    reached = {str(one.record.row.arm) for one in arms if one.case.high is not None}
    best = min(reached, key=lambda arm: (spent[arm], arm)) if reached else NONE
    least = spent[best] if reached else 0.0
    best = KEEP if reached and least == 0 else best
    recommended = _recommended(arms)
    if recommended in {KEEP, NONE}:
        # Nothing was spent in vain, but if it was wrong, the best is still to be paid.
        return Decision(recommended, best, least, least)
    chosen = next(one for one in arms if str(one.record.row.arm) == recommended)
    stop = math.ceil(min(chosen.guess.high, chosen.case.cap))
    if chosen.case.high is not None and chosen.case.high <= stop:
        return Decision(recommended, best, spent[recommended], least)
    return Decision(recommended, best, stop * chosen.record.row.step_cpu_seconds + least, least)


def _recommended(arms: Sequence[Judged]) -> str:
    if max(one.guess.met_at_start for one in arms) > 0.5:
        return KEEP
    likely = [one for one in arms if one.guess.met_in_time >= float(Uncertainty().min_reaches_target)]
    return str(min(likely, key=_predicted).record.row.arm) if likely else NONE


def _predicted(one: Judged) -> float:
    chance, stop = one.guess.met_in_time, min(one.guess.high, one.case.cap)
    return (chance * one.guess.point + (1 - chance) * stop) * one.record.row.step_cpu_seconds


def _spent(one: Judged) -> float:
    return (one.case.cap if one.case.high is None else one.case.high) * one.record.row.step_cpu_seconds
