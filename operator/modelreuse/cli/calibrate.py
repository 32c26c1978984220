"""`modelreuse calibrate`: the first records of a site, from retrainings on synthetic shifts that it asks for first.

What is run and what comes of it, `modelreuse.calibration` knows; here is who is asked, and where lines go. They are
imports like any other: nothing is trusted because it was made here.
"""

import contextlib
import os
import shlex
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import track

from modelreuse.api import ModelReuseCheck, ModelSource, Retraining, TrainingAction
from modelreuse.calibration import SEVERITIES, Recorded, Run, campaign, counted, mechanisms_for, usual_size
from modelreuse.cli import desk, trust
from modelreuse.cli.assess import task_of
from modelreuse.cli.calibration_words import ended_line, estimate, prospect_lines
from modelreuse.cli.checks import read_check
from modelreuse.cli.problems import OTHER, Problem
from modelreuse.cli.record_lines import append, cells_of, has_lines
from modelreuse.cli.record_table import read_table

if TYPE_CHECKING:
    from modelreuse.calibration.retrainer import Retrainer, Unshifted

MOST_FAILURES = 3
"""Runs that fail one after another before the rest is left: the trainer is at fault, not the shifts."""


@dataclass(frozen=True)
class Order:
    """What was asked for, once it is known to make sense. runs: None for as many as are usual."""

    check: ModelReuseCheck
    model: ModelSource
    retraining: Retraining
    actions: Sequence[TrainingAction]
    command: tuple[str, ...]
    output: Path
    runs: int | None
    seed: int


def run(
    check_file: Path,
    trainer: str,
    output: Path,
    *,
    claims: Sequence[str],
    model: str | None,
    actions: Sequence[str],
    runs: int | None,
    seed: int,
    yes: bool,
    trust_code: bool,
) -> None:
    """Assesses, asks, trains, records, sums up. Raises Problem."""
    check = read_check(check_file)
    chosen = desk.chosen(check, [model or check.spec.models[0].name])[0]
    retraining = check.spec.retraining
    if retraining is None:
        raise Problem("spec.retraining: is missing; calibration trains by its recipe, actions, batchSize and maxSteps")
    order = Order(check, chosen, retraining, _actions(retraining, actions), _command(trainer), output, runs, seed)
    folders = desk.claim_folders(claims)
    _check_place(output)
    _recorded(output)
    if not yes and not trust.somebody_watches():
        raise Problem("nobody can be asked whether these retrainings may be run; pass --yes if they may")
    desk.need_worker("calibrate")
    code = check.spec.code.uri if check.spec.code else None
    trust.ask(trust.code_of(check.spec, [chosen]), code, trusted=trust_code)
    started = time.perf_counter()
    try:
        with _endable(), contextlib.redirect_stdout(sys.stderr), _retrainer(order, folders, check_file) as retrainer:
            gave_up = _calibrate(order, retrainer, started, yes=yes)
    except KeyboardInterrupt:
        raise Problem(f"interrupted; the same command goes on from what {output} holds", OTHER) from None
    sys.stdout.writelines(f"{line}\n" for line in prospect_lines(output, _recorded(output)))
    if gave_up:
        raise Problem(f"{gave_up}; mend the trainer, then the same command goes on from there", OTHER)


@contextlib.contextmanager
def _retrainer(order: Order, folders: dict[str, Path], check_file: Path) -> "Iterator[Retrainer]":
    from modelreuse.calibration.reading import read_samples
    from modelreuse.calibration.retrainer import Retrainer
    from modelreuse.calibration.site import Site, claims_of, suffix_of
    from modelreuse.worker import Places

    task = task_of(order.check, order.model)
    places = Places(claims_root=desk.beside(check_file), claims=folders)
    named = {name: places.claim(name) for name in claims_of(order.check.spec, order.model)}
    with desk.worker_problems():
        suffix = suffix_of(task.data)
        samples = read_samples(task, places, order.seed, batch_size=order.retraining.batch_size)
    with tempfile.TemporaryDirectory(prefix="calibration-") as folder:
        site = Site(Path(folder), named | folders, suffix)
        yield Retrainer(task, order.retraining, samples, site, order.command, order.seed)


def _calibrate(order: Order, retrainer: "Retrainer", started: float, *, yes: bool) -> str | None:
    """Runs what is missing, once somebody has said yes; why the rest was left, if it was. Raises Problem."""
    from modelreuse.cli.progress import shown

    planned = _planned(order, retrainer)
    with desk.worker_problems(), shown(order.model.name) as progress:
        unshifted = retrainer.unshifted(order.actions, progress, started=started)
        missing = retrainer.missing(planned, unshifted, _recorded(order.output))
    if not missing:
        return None
    console = Console(stderr=True)
    console.print(estimate(retrainer, unshifted, missing, recorded=len(planned) - len(missing)))
    if not yes and not click.confirm(f"Run the trainer {counted(len(missing), 'time')}?", default=False, err=True):
        raise Problem("nothing was trained")
    with desk.worker_problems():
        return _run_all(order, retrainer, unshifted, missing, console)


def _run_all(
    order: Order, retrainer: "Retrainer", unshifted: "Unshifted", runs: Sequence[Run], console: Console
) -> str | None:
    most = min(MOST_FAILURES, len(runs))
    failed = 0
    for number, one in enumerate(
        track(runs, "calibrating", console=console, transient=True, disable=not console.is_terminal), 1
    ):
        ended = retrainer.carry_out(one, unshifted, lambda: datetime.now(UTC))
        append(order.output, cells_of(ended.record.spec, ended.record.outcome))
        console.print(ended_line(number, len(runs), one, ended), soft_wrap=True)
        failed = failed + 1 if ended.why else 0
        if failed == most:
            return f"stopped after {number} of {len(runs)} runs: the last {failed} failed"
    return None


def _planned(order: Order, retrainer: "Retrainer") -> Sequence[Run]:
    """The runs that were asked for, whether or not they are recorded. Raises Problem."""
    mechanisms = mechanisms_for(retrainer.samples)
    every = campaign(mechanisms, order.actions, order.seed)
    if order.runs is not None and order.runs > len(every):
        raise Problem(
            f"--runs {order.runs}: with one seed there are {len(every)}: {len(mechanisms)} kinds of shift "
            f"({', '.join(mechanisms)}) at {len(SEVERITIES)} severities for {', '.join(order.actions)}; another --seed "
            "makes others"
        )
    return every[: order.runs or usual_size(len(mechanisms), len(every))]


def _recorded(path: Path) -> list[Recorded]:
    """What the table holds. Raises Problem where it can't be read, or is wrong somewhere."""
    if not has_lines(path):
        return []
    table = read_table(path)
    if table.mistakes:
        more = f" (and {len(table.mistakes) - 1} more)" if len(table.mistakes) > 1 else ""
        raise Problem(f"{path}: {table.mistakes[0]}{more}; nothing was run")
    return [Recorded(one.spec, one.outcome) for one in table.retrainings]


def _check_place(path: Path) -> None:
    """Raises Problem where a table can't be written: better before the first run than after it."""
    if not path.resolve().parent.is_dir():
        raise Problem(f"{path}: there is no folder {path.resolve().parent}")
    if not os.access(path.resolve().parent, os.W_OK):
        raise Problem(f"{path}: can't be written in {path.resolve().parent}")


def _actions(retraining: Retraining, wanted: Sequence[str]) -> Sequence[TrainingAction]:
    known = {str(action): action for action in retraining.actions}
    for name in wanted:
        if name not in known:
            raise Problem(f"--action {name}: spec.retraining.actions doesn't list it; it lists {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(wanted)] if wanted else retraining.actions


def _command(trainer: str) -> tuple[str, ...]:
    try:
        command = tuple(shlex.split(trainer))
    except ValueError as error:
        raise Problem(f"--trainer {trainer}: {error}") from None
    if not command or shutil.which(command[0]) is None:
        raise Problem(f"--trainer {trainer}: no such program; give a command, as in 'python train.py'")
    return command


@contextlib.contextmanager
def _endable() -> Iterator[None]:
    """Whoever is asked to end (a Job that is deleted) ends as by Ctrl-C: the trainer with it, no line half."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
