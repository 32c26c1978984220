"""A slice with a seed of its own, to set severities, targets and the cap before the study; its rows are no records."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from study.grid import Setting, main_design
from study.row import Row
from study.seeds import numpy_random
from study.shifts import SHIFTS
from study.split import Split
from study.store import DEVELOPMENT, Store

SEED: Final = 9
NO_SPLIT: Final = Split(groups=(), data_sets=(), seeds=(), development_seeds=(SEED,), opened=None)
TRIVIAL_STEPS: Final = 5


def settings(count: int) -> list[Setting]:
    """That many settings of the main design, chosen by lot, with the pilot's seed."""
    order = numpy_random("pilot").permutation(len(main_design()))
    chosen = dict.fromkeys(replace(main_design()[index], seed=SEED) for index in order)
    return list(chosen)[:count]


def report(store: Store) -> str:
    """How the runs ended, by each factor: met within 5 steps, later, not within the cap; and what they took."""
    rows = store.side_rows(DEVELOPMENT)
    lines = [f"{'':28}{'runs':>6}{'<= 5':>7}{'later':>7}{'never':>7}"]
    for title, key in _FACTORS.items():
        lines.append(title)
        levels = sorted({key(row) for row in rows})
        lines.extend(_line(level, [row for row in rows if key(row) == level]) for level in levels)
    lines.append(_line("all", rows))
    return "\n".join(lines)


_FACTORS: Final[dict[str, Callable[[Row], str]]] = {
    "arm": lambda row: str(row.arm),
    "data set": lambda row: row.data_set,
    "variant": lambda row: row.variant,
    "target": lambda row: f"{row.target_share:g}",
    "samples": lambda row: f"{row.data_set} {row.samples:5}",
    "severity": lambda row: str(row.severity),
    "group": lambda row: SHIFTS[row.shift].group,
    "shift and severity": lambda row: f"{row.shift} {row.severity}",
}


def _line(title: str, rows: Iterable[Row]) -> str:
    known = list(rows)
    trivial = sum(row.steps_high is not None and row.steps_high <= TRIVIAL_STEPS for row in known)
    never = sum(not row.reached for row in known)
    shares = "".join(f"{100 * part / len(known):6.0f}%" for part in (trivial, len(known) - trivial - never, never))
    return f"  {title:26}{len(known):6}{shares}"
