"""Runs what is missing of a slice, and says how far it is."""

import time
from collections.abc import Callable, Iterator, Sequence

from study.grid import Arm, Setting
from study.learning import be_deterministic
from study.retraining import definition, retrained
from study.row import Row
from study.scene import scene
from study.store import Store

Say = Callable[[str], None]
Perform = Callable[[Setting, Sequence[Arm]], Iterator[Row]]


def perform(setting: Setting, arms: Sequence[Arm]) -> Iterator[Row]:
    """The setting's retrainings, one after the other."""
    be_deterministic()
    seen = scene(setting)
    for arm in arms:
        yield retrained(seen, arm)


def missing(settings: Sequence[Setting], store: Store) -> list[tuple[Setting, tuple[Arm, ...]]]:
    """The settings with runs that are not stored as they are defined now, and those runs."""
    done = store.definitions()
    left = [
        (setting, tuple(arm for arm in Arm if done.get(setting.run(arm)) != definition(setting, arm)))
        for setting in settings
    ]
    return [(setting, arms) for setting, arms in left if arms]


def begun(settings: Sequence[Setting], store: Store) -> list[Setting]:
    """The settings that were run, at least in part."""
    done = store.definitions()
    return [setting for setting in settings if any(setting.run(arm) in done for arm in Arm)]


def run(settings: Sequence[Setting], store: Store, say: Say = print, perform: Perform = perform) -> None:
    """Run what is missing; each run is stored when it ends, so an interruption costs at most one."""
    todo = missing(settings, store)
    runs, total = 0, sum(len(arms) for _, arms in todo)
    say(f"{total} runs at {len(todo)} of {len(settings)} settings to do")
    start = time.monotonic()
    for setting, arms in todo:
        for row in perform(setting, arms):
            store.add(row)
            runs += 1
        passed = time.monotonic() - start
        left = passed / runs * (total - runs)
        say(f"{runs}/{total} runs, {passed / runs:.1f} s each, {left / 60:.0f} min left: {setting.name}")
