"""The site's own trainer, as a process: told a plan, heard by its termination log, stopped when its time is over.

It is under the same contract as in a pod, and its answer is no more trusted. What it took is read off our own meter.
"""

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from modelreuse.api import Failure, TrainingPlan, TrainingResult, UnreadableMessageError, parse_message
from modelreuse.api.names import CLAIMS_ROOT_ENV, PLAN_ENV, TERMINATION_LOG_BYTES, TERMINATION_LOG_ENV
from modelreuse.decisions import implausible
from modelreuse.metering import Meter
from modelreuse.training.devices import devices_in_use
from modelreuse.worker.effort import Effort
from modelreuse.worker.rows import failure
from modelreuse.worker.wording import one_line

GRACE_SECONDS = 10.0
"""Between asking a trainer to end and ending it."""
_LAST_WORDS = 300
_TAIL_BYTES = 8192


@dataclass(frozen=True)
class Trained:
    """What a trainer took, and what it answered or why that is nothing."""

    effort: Effort
    answer: TrainingResult | Failure


def train(plan: TrainingPlan, command: Sequence[str], root: Path, *, limit_seconds: float) -> Trained:
    """Runs the command under the plan, with claims below `root`. Whatever ends us ends it too."""
    with tempfile.TemporaryDirectory(prefix="trainer-") as folder:
        log, chatter = Path(folder) / "termination-log", Path(folder) / "output"
        silent = None if plan.evaluate_at else {"evaluate_at"}
        told = {
            PLAN_ENV: plan.model_dump_json(by_alias=True, exclude_none=True, exclude=silent),
            CLAIMS_ROOT_ENV: str(root),
            TERMINATION_LOG_ENV: str(log),
        }
        with Meter(gpus=devices_in_use().gpus) as meter:
            failed = _run(command, {**os.environ, **told}, chatter, limit_seconds)
        return Trained(Effort.of(meter.measurement), failed or _answer(log, plan))


def _run(command: Sequence[str], environment: Mapping[str, str], chatter: Path, limit_seconds: float) -> Failure | None:
    with chatter.open("wb") as output:
        try:
            process = subprocess.Popen(  # noqa: S603 - whoever calibrates has named it
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            return failure("TrainerFailed", f"{command[0]}: can't be started: {error.strerror}")
        try:
            status = process.wait(limit_seconds)
        except subprocess.TimeoutExpired:
            return failure("DeadlineExceeded", f"took longer than {limit_seconds:.0f} s; {_last_words(chatter)}")
        finally:
            _end(process)
    if status:
        how = f"exit status {status}" if status > 0 else f"ended by {signal.Signals(-status).name}"
        return failure("TrainerFailed", f"{how}; {_last_words(chatter)}")
    return None


def _end(process: "subprocess.Popen[bytes]") -> None:
    """The process and all that it has started, unless it has ended by itself."""
    if process.poll() is not None:
        return
    try:
        os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answer(log: Path, plan: TrainingPlan) -> TrainingResult | Failure:
    message = _beginning(log)
    if not message:
        return failure(
            "ResultLost",
            f"the trainer has succeeded and left no result; it answers in the file that {TERMINATION_LOG_ENV} names",
        )
    try:
        result = parse_message(TrainingResult, message)
    except UnreadableMessageError as error:
        return failure("UnreadableAnswer", str(error))
    problem = implausible(result, digest=plan.digest, output=plan.output, max_steps=plan.max_steps)
    return failure("WrongAnswer", problem) if problem else result


def _beginning(log: Path) -> str:
    """As much as an answer may have, and a byte more."""
    if not log.is_file():
        return ""
    with log.open("rb") as file:
        return file.read(TERMINATION_LOG_BYTES + 1).decode(errors="replace")


def _last_words(chatter: Path) -> str:
    """The last line that it printed, which of most programs says what went wrong."""
    with chatter.open("rb") as file:
        file.seek(-min(_TAIL_BYTES, chatter.stat().st_size), os.SEEK_END)
        lines = [line for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    return f"it said: {one_line(lines[-1], _LAST_WORDS)}" if lines else "it said nothing"
