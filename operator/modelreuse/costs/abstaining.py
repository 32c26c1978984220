"""When the honest answer is "we can't tell", and which records would help.

Frozen before the study's held-out records were opened: a change of these rules voids what was judged on them.
"""

from collections.abc import Sequence

import numpy as np

from modelreuse.costs.cases import Case, Situation
from modelreuse.costs.design import Design
from modelreuse.costs.features import is_labelled
from modelreuse.costs.student import Array

LEAST_RECORDS = 5
"""Of the same recipe and action: steps of others do not compare."""
FAR = 1.5
"""Root mean square distance to the nearest record, in standard deviations of the features."""
WIDEST = 16.0
"""Upper over lower end; a wider interval decides nothing."""
LEAST_CONCORDANCE = 0.6
"""Harrell's C on shifts that were held out; 1/2 is chance."""
COLLAPSE = "ClassCollapse"


def unfounded(situation: Situation, cases: Sequence[Case]) -> str | None:
    """Why records say nothing about this situation, as a phrase; None where they may."""
    like = sum(
        each.situation.recipe == situation.recipe and each.situation.action == situation.action for each in cases
    )
    if like < LEAST_RECORDS:
        what = f"{situation.action} by recipe {situation.recipe}"
        return f"{like} records of {what}: {LEAST_RECORDS - like} more help, by calibration or a pilot"
    if COLLAPSE in situation.findings:
        return "the model collapsed on the new data: check the data, or pilot"
    return None


def far_from(situation: Situation, design: Design, places: Array) -> str | None:
    """Which feature makes this unlike all records, as a phrase; None where a record is near.

    places: (n, f) the records' standardised features.
    """
    if not design.features:
        return None
    at = design.standardised([situation])[0]
    away = np.abs(places - at)
    nearest = int(np.argmin((away**2).mean(axis=1)))
    if float((away[nearest] ** 2).mean()) <= FAR**2:
        return None
    name = design.features[int(np.argmax(away[nearest]))]
    return f"far from all records: such with {name} near {at_original(design, at, name):.2g} help"


def at_original(design: Design, at: Array, name: str) -> float:
    """A standardised feature in its own unit."""
    column = design.features.index(name)
    return float(at[column] * design.width[column] + design.middle[column])


def unskilled(concordance: float) -> str | None:
    """Whether predictions of shifts that were held out were no better than chance, as a phrase."""
    if concordance >= LEAST_CONCORDANCE:
        return None
    return f"no skill on held-out shifts (C {concordance:.2f}): records of more kinds of shift help"


def doubtful(situation: Situation, factor: float) -> str | None:
    """Why figures that there are should not be relied on, as a phrase. factor: upper over lower end of the steps."""
    if not is_labelled(situation):
        return "no labels on the new data: 50 of them settle more than any record"
    if factor > WIDEST:
        return f"the steps' upper end is {factor:.0f} times the lower: more records, or a pilot, help"
    return None
