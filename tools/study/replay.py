"""Runs a random part of the study again and says how far the committed records are from what comes out now.

It prints distances only, so that replaying held-out rows opens nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from study.grid import Arm, Setting, settings
from study.learning import be_deterministic
from study.retraining import definition, retrained
from study.row import Row
from study.scene import scene
from study.seeds import numpy_random
from study.store import DEVELOPMENT, HELD_OUT, Store

SHARE: Final = 0.02
Say = Callable[[str], None]


@dataclass(frozen=True)
class Distance:
    """Between a record and its replay.

    quality: largest difference of accuracy at any evaluation. factor: ratio of the steps to target, at least 1, None
    where one of the two never reached it. same_outcome: both reached it or neither did. step_cpu: ratio of CPU seconds
    per step, replay over record.
    """

    quality: float
    factor: float | None
    same_outcome: bool
    step_cpu: float


def distance(record: Row, now: Row) -> Distance:
    """How far the replay `now` is from the record."""
    differences = np.abs(np.subtract(record.correct, now.correct)) / record.evaluation_samples
    factor = None
    if record.steps_high is not None and now.steps_high is not None:
        longer, shorter = (f(record.steps_high, now.steps_high) + 1 for f in (max, min))
        factor = longer / shorter
    return Distance(
        quality=float(differences.max()),
        factor=factor,
        same_outcome=record.reached == now.reached,
        step_cpu=now.step_cpu_seconds / record.step_cpu_seconds,
    )


def chosen(names: Sequence[str], seed: int) -> list[str]:
    """Two in a hundred of the names, at least one."""
    random = numpy_random("replay", seed)
    count = max(1, round(SHARE * len(names)))
    return sorted(random.choice(sorted(names), size=count, replace=False))


def replay(store: Store, seed: int, say: Say = print) -> list[Distance]:
    """Run the chosen part again. Raises ValueError for records that today's definitions did not make."""
    be_deterministic()
    rows = {row.name: row for side in (DEVELOPMENT, HELD_OUT) for row in store.side_rows(side)}
    by_name: dict[str, tuple[Setting, Arm]] = {
        setting.run(arm): (setting, arm) for setting in settings() for arm in Arm
    }
    distances = []
    names = chosen(list(rows), seed)
    for number, name in enumerate(names, start=1):
        if name not in by_name or rows[name].definition != definition(*by_name[name]):
            raise ValueError(f"{name}: the record was made by other definitions; run `make study` first")
        setting, arm = by_name[name]
        found = distance(rows[name], retrained(scene(setting), arm))
        distances.append(found)
        say(f"{number}/{len(names)} {name}: accuracy differs by at most {100 * found.quality:.2f} points")
    return distances


def summary(distances: Sequence[Distance]) -> str:
    """The distances in a few lines."""
    factors = [each.factor for each in distances if each.factor is not None]
    lines = [
        f"{len(distances)} runs replayed",
        f"identical curves: {sum(each.quality == 0 for each in distances)}",
        f"largest difference of accuracy at any evaluation: {100 * max(e.quality for e in distances):.2f} points",
        f"same outcome (reached or not): {sum(each.same_outcome for each in distances)}",
        f"CPU seconds per step, now over then, median: {np.median([each.step_cpu for each in distances]):.2f}",
    ]
    if factors:
        lines.insert(3, f"steps to target, factor: median {np.median(factors):.3f}, largest {max(factors):.3f}")
    return "\n".join(lines)
