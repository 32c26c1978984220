"""What a campaign says: what it would take before it begins, a line for each run, and what came of it."""

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from modelreuse.api import decimal
from modelreuse.calibration import Expense, Recorded, Run, counted, doubt, prospects, together
from modelreuse.cli.printing import short
from modelreuse.costs import Interval

if TYPE_CHECKING:
    from modelreuse.calibration.retrainer import Ended, Retrainer, Unshifted

_UNITS_OF_TIME = ((3600.0, "h"), (60.0, "min"), (1.0, "s"))
_UNITS_OF_ENERGY = ((1000.0, "kWh"), (1.0, "Wh"))


def estimate(retrainer: "Retrainer", unshifted: "Unshifted", runs: Sequence[Run], *, recorded: int) -> Group:
    """What these runs would take, at least and at most. recorded: how many more were asked for, and are there."""
    max_steps = retrainer.retraining.max_steps
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 2))
    table.add_column("runs", no_wrap=True)
    for name in ("steps", "time", "energy"):
        table.add_column(name, justify="right", no_wrap=True)
    expenses = retrainer.budget(unshifted).of(runs)
    for action, expense in expenses.items():
        table.add_row(f"{expense.runs} {action}", *_cells(expense, max_steps))
    whole = functools.reduce(Expense.plus, expenses.values())
    if len(expenses) > 1:
        table.add_row(f"{whole.runs}", *_cells(whole, max_steps))
    return Group(Text(_what(retrainer, unshifted, runs, recorded)), table, Text(_how_known(unshifted, whole)))


def ended_line(number: int, count: int, run: Run, ended: "Ended") -> Text:
    """How a run ended."""
    outcome = ended.record.outcome
    begin = f"{number}/{count} {run.name}: "
    if ended.why is not None:
        return Text(f"{begin}failed: {ended.why}", style="yellow")
    reached = "target reached" if outcome.target_reached else "target not reached"
    took = _amount(float(outcome.pod_seconds or 0), _UNITS_OF_TIME)
    return Text(f"{begin}{outcome.steps} steps, {reached}; {_qualities(ended.record)}; {took}")


def prospect_lines(path: Path, records: Sequence[Recorded]) -> Iterator[str]:
    """What the table holds, and what the next prediction would make of it."""
    failed = sum(not each.teaches for each in records)
    yield f"{path}: {counted(len(records), 'retraining')}" + (
        f", {failed} of them failed and teach nothing" if failed else ""
    )
    for each in prospects(records):
        there = f"{counted(each.records, 'record')}, {each.reached} met their target"
        yield f"  {each.action} by {each.recipe}: {there}: {each.means}"
    yield f"  {together(records)}"
    if doubted := doubt(records):
        yield f"  ! {doubted}"
    yield f"next: modelreuse records import {path} -n NAMESPACE, one that your CostProfile lists in trustedNamespaces"


def _what(retrainer: "Retrainer", unshifted: "Unshifted", runs: Sequence[Run], recorded: int) -> str:
    samples = retrainer.samples
    kinds = counted(len({run.mechanism for run in runs}), "kind")
    there = f"; {counted(recorded, 'run')} more recorded" if recorded else ""
    return (
        f"{retrainer.task.model.name} by {retrainer.retraining.recipe}, on {kinds} of synthetic shift{there}. "
        f"{samples.to_learn} samples to learn from, {samples.to_evaluate} held out; target {short(unshifted.target)}"
    )


def _how_known(unshifted: "Unshifted", whole: Expense) -> str:
    measured = unshifted.measured
    if measured.step_seconds is None:
        step = "Steps were not timed: their length is guessed from the forward pass"
    else:
        step = f"A step takes {short(measured.step_seconds)} s on {measured.device} (measured)"
    return f"{step}; energy is {whole.watt_hours.basis.value.lower()}, without PUE. Nothing was trained yet."


def _cells(expense: Expense, max_steps: int) -> tuple[str, str, str]:
    return (
        f"0 to {expense.runs * max_steps:,}",
        _range(expense.seconds, _UNITS_OF_TIME),
        _range(expense.watt_hours, _UNITS_OF_ENERGY),
    )


def _range(interval: Interval, units: tuple[tuple[float, str], ...]) -> str:
    return f"{_amount(interval.low, units)} to {_amount(interval.high, units)}"


def _amount(value: float, units: tuple[tuple[float, str], ...]) -> str:
    """Two significant digits, in the largest unit of which there is at least one and a half."""
    size, name = next((unit for unit in units if value >= 1.5 * unit[0]), units[-1])
    return f"{short(decimal(float(f'{value / size:.2g}')))} {name}"


def _qualities(record: Recorded) -> str:
    old, new = record.outcome.old_quality, record.outcome.new_quality
    return f"accuracy {short(old)} before, {short(new)} after, {short(record.spec.target)} wanted"
