"""How runs ended, and how far the same retraining lies from itself: what a reader asks before any prediction."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np

from study.row import Row
from study.shifts import SHIFTS

TRIVIAL_STEPS: Final = 5

_FACTORS: Final[dict[str, Callable[[Row], str]]] = {
    "arm": lambda row: str(row.arm),
    "data set": lambda row: row.data_set,
    "variant": lambda row: row.variant,
    "target, share of reference": lambda row: f"{row.target_share:g}",
    "samples": lambda row: f"{row.data_set} {row.samples:5}",
    "severity": lambda row: str(row.severity),
    "group": lambda row: SHIFTS[row.shift].group,
    "shift and severity": lambda row: f"{row.shift} {row.severity}",
}


def outcomes(rows: Sequence[Row]) -> str:
    """A table by each factor: runs, and the shares that met their target within 5 steps, later, not within the cap."""
    lines = [f"{'':28}{'runs':>6}{'<= 5':>7}{'later':>7}{'never':>7}"]
    for title, key in _FACTORS.items():
        lines.append(title)
        levels = sorted({key(row) for row in rows})
        lines.extend(_line(level, [row for row in rows if key(row) == level]) for level in levels)
    lines.append(_line("all", rows))
    return "\n".join(lines)


def repeat_factors(rows: Iterable[Row]) -> list[float]:
    """Of every run and its repeat that both reached, and later than at once: the ratio of their steps.

    At least 1. Steps are the middle of their interval.
    """
    return [
        max(_middle(one), _middle(other)) / min(_middle(one), _middle(other))
        for one, other in _pairs(rows)
        if one.reached and other.reached and min(_middle(one), _middle(other)) > 0
    ]


def noise(rows: Sequence[Row]) -> str:
    """The floor under any prediction's error, in two lines."""
    pairs, factors = _pairs(rows), repeat_factors(rows)
    if not factors:
        return (
            f"{len(pairs)} retrainings were run twice, none of which reached its target both times: no noise floor yet"
        )
    same = sum(one.reached == other.reached for one, other in pairs)
    middle, high = np.quantile(factors, [0.5, 0.8])
    return (
        f"{len(pairs)} retrainings were run twice; {100 * same / len(pairs):.0f} % end alike (reached or not)\n"
        f"{len(factors)} of them both reached; their steps differ by a factor {middle:.2f} (median), {high:.2f} (80 %)"
    )


def _pairs(rows: Iterable[Row]) -> list[tuple[Row, Row]]:
    """Runs and their repeats."""
    found: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        key = (row.data_set, row.variant, row.shift, row.severity, row.seed, row.arm)
        found.setdefault(key, []).append(row)
    return [pair for part in found.values() for pair in itertools.combinations(part, 2)]


def _middle(row: Row) -> float:
    return (row.steps_low + (row.steps_high or row.steps_low)) / 2


def _line(title: str, rows: Iterable[Row]) -> str:
    known = list(rows)
    trivial = sum(row.steps_high is not None and row.steps_high <= TRIVIAL_STEPS for row in known)
    never = sum(not row.reached for row in known)
    shares = "".join(f"{100 * part / len(known):6.0f}%" for part in (trivial, len(known) - trivial - never, never))
    return f"  {title:26}{len(known):6}{shares}"
