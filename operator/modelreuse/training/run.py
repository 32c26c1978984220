"""One training under a plan: counts steps, measures, hashes, answers."""

import hashlib
import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import ValidationError

from modelreuse.api import Basis, ReportedEvaluation, TrainingPlan, TrainingResult, decimal
from modelreuse.api.looks import spread
from modelreuse.api.names import PLAN_ENV, TERMINATION_LOG, TERMINATION_LOG_ENV
from modelreuse.metering import Meter, PowerModel
from modelreuse.training.claims import claims_root, path_of, uri_below
from modelreuse.training.devices import devices_in_use
from modelreuse.training.errors import TrainingError

_JOULES_PER_WH = 3600.0
_CHUNK = 4 * 2**20
_MAX_TOLD = 32
"""Evaluations that a result tells: it has 4,096 bytes for everything."""
_BASES = {
    "Measured": Basis.MEASURED,
    "Estimated": Basis.ESTIMATED,
    "Assumed": Basis.ASSUMED,
}


class Run:
    """A training that has begun.

    plan: what was approved. Use `start` to make one; as a context manager it stops the meter whatever happens.
    """

    def __init__(self, plan: TrainingPlan, *, root: Path, termination_log: Path, meter: Meter) -> None:
        self.plan = plan
        self._root = root
        self._termination_log = termination_log
        self._meter = meter
        self._metering = True
        self._finished = False
        self._steps = 0
        self._samples = 0
        self._qualities: dict[int, Decimal] = {}
        meter.__enter__()

    @property
    def steps(self) -> int:
        """Optimiser steps so far."""
        return self._steps

    @property
    def steps_left(self) -> int:
        """Optimiser steps that the plan still allows: of a pilot, those up to its own end."""
        return self._allowed - self._steps

    @property
    def is_asked(self) -> bool:
        """Whether the plan asks for the quality after the steps so far: then look, and call `evaluated`."""
        return self._steps in self.plan.evaluate_at

    def resolve(self, uri: str) -> Path:
        """Where `uri` lies on this machine; it need not exist. Raises TrainingError for an unknown scheme."""
        return path_of(uri, self._root)

    def step(self, samples: int) -> None:
        """Counts one optimiser step over `samples` samples.

        Raises TrainingError for a number below 1, and for a step beyond the plan's max_steps: look at `steps_left`.
        """
        if isinstance(samples, bool) or not isinstance(samples, int) or samples < 1:
            raise TrainingError(f"step({samples!r}): give the number of samples of the step's batch, at least 1")
        if self.steps_left < 1:
            raise TrainingError(f"the plan allows {self._allowed} steps; stop when steps_left is 0")
        self._steps += 1
        self._samples += samples

    def evaluated(self, quality: float) -> None:
        """Notes the quality after the steps so far, as it was seen on samples that are held back.

        The result tells what the plan asks for (`is_asked`), and some of the rest, spread over the steps: when a
        quality was passed teaches the next prediction. Raises TrainingError for anything but a number from 0 to 1, and
        before the first step.
        """
        value = None if isinstance(quality, bool | str) else _number(quality)
        if value is None or not 0 <= value <= 1:
            raise TrainingError(f"evaluated({quality!r}): give the quality as a number from 0 to 1, as in 0.93")
        if not self._steps:
            raise TrainingError("evaluated was called before the first step; the untouched model was assessed already")
        self._qualities[self._steps] = decimal(value)

    def finish(
        self, artifact: Path | str, *, target_reached: bool, evaluated_every: int | None = None
    ) -> TrainingResult:
        """Stops the meter, hashes the artefact, writes the result to the termination log and returns it.

        artifact: the file with the new weights, inside the plan's output folder. target_reached: whether the objective
        was met; where it was not, the steps count as a lower bound. evaluated_every: steps between two looks at the
        quality; the target was met somewhere between them, which makes the next prediction better. Call it once. Raises
        TrainingError, and then nothing is written, for a missing or empty file, a file elsewhere, a target_reached that
        is no bool, and an evaluated_every that is no number of steps.
        """
        if self._finished:
            raise TrainingError("finish was called twice; a training has one result")
        if type(target_reached) is not bool:
            raise TrainingError(
                f"target_reached={target_reached!r}: give True or False, as in bool(accuracy >= target)"
            )
        if evaluated_every is not None and (type(evaluated_every) is not int or evaluated_every < 1):
            raise TrainingError(f"evaluated_every={evaluated_every!r}: give a whole number of steps, at least 1")
        path = Path(artifact)
        uri = uri_below(path, self.plan.output, self._root)
        digest = _sha256(path)
        self._stop()
        measured = self._meter.measurement
        result = TrainingResult(
            digest=self.plan.digest,
            steps=self._steps,
            samples=self._samples,
            seconds=decimal(measured.seconds),
            target_reached=target_reached,
            evaluated_every=evaluated_every,
            evaluations=self._told(),
            energy_wh=decimal(measured.energy_joules / _JOULES_PER_WH),
            energy_basis=_BASES[str(measured.energy_basis)],
            artifact_uri=uri,
            artifact_sha256=digest,
        )
        unseen = None if result.evaluations else {"evaluations"}
        self._termination_log.write_text(result.model_dump_json(by_alias=True, exclude_none=True, exclude=unseen))
        self._finished = True
        return result

    @property
    def _allowed(self) -> int:
        pilot = self.plan.pilot_steps
        return self.plan.max_steps if pilot is None else min(pilot, self.plan.max_steps)

    def _told(self) -> list[ReportedEvaluation]:
        asked = [step for step in self._qualities if step in self.plan.evaluate_at][:_MAX_TOLD]
        rest = spread([step for step in self._qualities if step not in asked], _MAX_TOLD - len(asked))
        return [ReportedEvaluation(step=step, quality=self._qualities[step]) for step in sorted([*asked, *rest])]

    def _stop(self) -> None:
        if self._metering:
            self._metering = False
            self._meter.__exit__(None, None, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        if kind is None and not self._finished:
            raise TrainingError("the training ended without a result; call finish(path, target_reached=...)")


def start(
    environment: Mapping[str, str] = os.environ,
    *,
    termination_log: Path | str | None = None,
    gpus: tuple[int | str, ...] | None = None,
    power: PowerModel | None = None,
) -> Run:
    """Reads the plan from MODELREUSE_PLAN and starts measuring.

    termination_log: where to answer; None takes MODELREUSE_TERMINATION_LOG, and in a pod, where that is not set, the
    pod's own.
    gpus: CUDA ordinals or UUIDs whose energy counts; None takes those that PyTorch sees, if it is imported by now.
    power: watts to assume where nothing can be read.
    Raises TrainingError where there is no plan, or none that can be understood.
    """
    devices = devices_in_use()
    return Run(
        _plan(environment.get(PLAN_ENV)),
        root=claims_root(environment),
        termination_log=Path(termination_log or environment.get(TERMINATION_LOG_ENV) or TERMINATION_LOG),
        meter=Meter(gpus=devices.gpus if gpus is None else gpus, power=power, synchronize=devices.synchronize),
    )


def _plan(text: str | None) -> TrainingPlan:
    if not text:
        raise TrainingError(
            f"{PLAN_ENV} is not set: the operator sets it in an approved training; on a desk, set it to a TrainingPlan "
            "as JSON"
        )
    try:
        return TrainingPlan.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise TrainingError(f"{PLAN_ENV} is no TrainingPlan: {where}: {first['msg']}") from None


def _number(value: object) -> float | None:
    """As a float, whatever framework it comes from; None for what is no number."""
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
        if not path.stat().st_size:
            raise TrainingError(f"the artefact {str(path)!r} is empty")
    except OSError as error:
        raise TrainingError(f"the artefact {str(path)!r} can't be read: {error.strerror}; write it first") from error
    return f"sha256:{digest.hexdigest()}"
