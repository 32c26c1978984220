"""One campaign's retrainings, each from a shift to a record: what the operator would do, on data of our own making.

Our worker assesses the shifted samples, the site's trainer trains under a plan, our worker verifies. Nothing here
decides what is run, or asks anybody.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import torch

from modelreuse.api import (
    Action,
    AssessmentTask,
    ContentHashes,
    Failure,
    MeasuredPass,
    Objective,
    Outcome,
    Retraining,
    RetrainingRecordSpec,
    TrainingAction,
    TrainingPlan,
    TrainingResult,
    VerificationSummary,
    VerificationTask,
    decimal,
)
from modelreuse.api.looks import some_of
from modelreuse.calibration.campaign import Run
from modelreuse.calibration.expense import Budget
from modelreuse.calibration.mechanisms import mechanisms_for
from modelreuse.calibration.prospects import Recorded
from modelreuse.calibration.samples import Samples
from modelreuse.calibration.site import REPORTS, Site
from modelreuse.calibration.trainer import Trained, train
from modelreuse.decisions import absolute_target, sha256_of
from modelreuse.manifests import DIGEST_PLACEHOLDER
from modelreuse.worker import TaskError
from modelreuse.worker.assess import Assessed, Progress, assess
from modelreuse.worker.errors import from_unexpected
from modelreuse.worker.rows import ACCURACY_REFERENCE, failure
from modelreuse.worker.verify import verify

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Unshifted:
    """What the model is worth on samples that nothing has shifted, and what a pass over them took.

    hashes: of model and reference. target: the absolute quality to reach.
    """

    hashes: ContentHashes
    target: Decimal
    measured: MeasuredPass


@dataclass(frozen=True)
class Ended:
    """A run as it is recorded; why it failed, where it did."""

    record: Recorded
    why: str | None


def _unseen(stage: str, seen: int, samples: int) -> None: ...


@dataclass(frozen=True, eq=False)
class Retrainer:
    """What all runs of a campaign share. task: of the assessment, as for the check itself. command: the trainer."""

    task: AssessmentTask
    retraining: Retraining
    samples: Samples
    site: Site
    command: tuple[str, ...]
    seed: int

    def unshifted(self, actions: Iterable[TrainingAction], progress: Progress, *, started: float) -> Unshifted:
        """Assesses the model on samples that nothing has shifted, with the check's timing probe.

        started: `time.perf_counter()` when this program began to load what a trainer has to load too.
        Raises TaskError, also where an action would have nothing to train.
        """
        self.site.lay_out(self.samples)
        done = self._assessed(self.task, progress, started)
        for action in actions:
            _trained_by(action, done)
        return Unshifted(done.report.hashes, _target(self.task.objective, done), done.report.measured)

    def budget(self, unshifted: Unshifted) -> Budget:
        """Of one run."""
        return Budget(unshifted.measured, self.retraining.batch_size, self.retraining.max_steps)

    def missing(self, runs: Iterable[Run], unshifted: Unshifted, records: Iterable[Recorded]) -> list[Run]:
        """The runs that no record tells of. One that failed has taught nothing, and is run again."""
        there = {_identity(each.spec) for each in records if each.teaches}
        if not there:
            return list(runs)
        return [run for run in runs if _identity(self._spec(run, unshifted, self._lay_out(run))) not in there]

    def carry_out(self, run: Run, unshifted: Unshifted, now: Clock) -> Ended:
        """Shifts, assesses, trains, verifies. Whatever goes wrong is in the result."""
        spec = self._spec(run, unshifted, self._lay_out(run))
        try:
            done = self._assessed(self.task.model_copy(update={"probe_batch_size": None}))
            layers, share = _trained_by(run.action, done)
        except Exception as error:  # noqa: BLE001 - one run must not end the others
            return _failed(spec, _failure(error), now())
        spec = spec.model_copy(update={"scores": done.summary.scores, "trainable_share": share})
        with self.site.output() as output:
            plan = self._plan(run, unshifted.target, layers, output)
            limit = self.budget(unshifted).limit_seconds(run.action)
            trained = train(plan, self.command, self.site.root, limit_seconds=limit)
            if isinstance(trained.answer, Failure):
                return _failed(spec, trained.answer, now(), trained)
            try:
                verified = self._verified(plan, trained.answer, done)
            except Exception as error:  # noqa: BLE001 - as above
                return _failed(spec, _failure(error), now(), trained)
        told = trained.answer
        outcome = Outcome(
            finished_at=now(),
            result="Succeeded",
            steps=told.steps,
            target_reached=told.target_reached,
            evaluated_every=told.evaluated_every,
            evaluations=some_of(told.evaluations) or None,
            old_quality=verified.old_quality,
            new_quality=verified.new_quality,
            **_taken(trained),
        )
        return Ended(Recorded(spec, outcome), None)

    def _lay_out(self, run: Run) -> str:
        """Makes the run's samples the new and the evaluation data; `sha256:...` of the first."""
        return self.site.lay_out(
            mechanisms_for(self.samples)[run.mechanism].shifted(self.samples, run.severity, self.seed)
        )

    def _spec(self, run: Run, unshifted: Unshifted, new_sha256: str) -> RetrainingRecordSpec:
        """What is known of a run before the model has seen its samples."""
        hashes = ContentHashes(model=unshifted.hashes.model, reference=unshifted.hashes.reference, new=new_sha256)
        return RetrainingRecordSpec(
            source="Imported",
            action=run.action,
            model=self.task.model.name,
            recipe=self.retraining.recipe,
            max_steps=self.retraining.max_steps,
            target=unshifted.target,
            samples=self.samples.to_learn,
            mechanism=run.mechanism,
            hashes=hashes,
        )

    def _assessed(self, task: AssessmentTask, progress: Progress = _unseen, started: float | None = None) -> Assessed:
        # The reference's pass is kept beside the reports, so it is made once.
        ours = {"data": self.site.data(task.data), "output": REPORTS}
        with _room_for_trainers():
            return assess(task.model_copy(update=ours), self.site.places, progress=progress, started=started)

    def _plan(self, run: Run, target: Decimal, layers: list[str], output: str) -> TrainingPlan:
        plan = TrainingPlan(
            action=run.action,
            model=self.task.model,
            data=self.site.data(self.task.data),
            layers=layers,
            max_steps=self.retraining.max_steps,
            metric=self.task.objective.metric,
            target=target,
            digest=DIGEST_PLACEHOLDER,
            output=output,
        )
        # Nobody approved it. Its digest is its own name, by which an answer is known to be the one to it.
        return plan.model_copy(update={"digest": sha256_of([run.name, self.seed, plan.to_wire()])})

    def _verified(self, plan: TrainingPlan, result: TrainingResult, done: Assessed) -> VerificationSummary:
        task = VerificationTask(
            task=self.task.task,
            old=plan.model,
            new=plan.model.model_copy(update={"uri": result.artifact_uri}),
            artifact_sha256=result.artifact_sha256,
            data=plan.data,
            code=self.task.code,
            code_sha256=done.report.hashes.code,
            objective=self.task.objective,
            batch_size=self.task.batch_size,
        )
        with _room_for_trainers():
            return verify(task, self.site.places)


def _identity(spec: RetrainingRecordSpec) -> tuple[object, ...]:
    """What two lines of one retraining have in common, whoever wrote them."""
    hashes = spec.hashes
    bytes_of = None if hashes is None else (hashes.model, hashes.reference, hashes.new)
    return spec.action, spec.model, spec.recipe, spec.max_steps, spec.target, bytes_of


def _target(objective: Objective, done: Assessed) -> Decimal:
    """The absolute quality to reach, as the check has it. Raises TaskError."""
    scores = {score.name: score.value for score in done.summary.scores}
    target = absolute_target(objective.target, scores.get(ACCURACY_REFERENCE))
    if target is None:
        raise TaskError("LabelsMissing", "spec.data.labels", "don't tell the model's quality on the reference")
    return target


def _trained_by(action: TrainingAction, done: Assessed) -> tuple[list[str], Decimal]:
    """The layers that an action trains, none meaning all, and their share of the parameters.

    A fine-tuning trains what the assessment finds worth training; where that is everything, it is a retraining, and
    the head alone is trained instead, so that there are records of both.
    """
    summary, report = done.summary, done.report
    if action != Action.FINE_TUNE:
        return [], Decimal(1)
    if summary.layers and summary.trainable_share is not None and summary.trainable_share < 1:
        return list(summary.layers), summary.trainable_share
    head = next((layer for layer in report.layers if layer.name == report.model.head and layer.parameters), None)
    if head is None:
        detail = "the model's output is no layer's that has parameters, so FineTune has none to train; leave it out"
        raise TaskError("HeadNotFound", "spec.retraining.actions", detail)
    return [head.name], head.share


def _failed(spec: RetrainingRecordSpec, why: Failure, now: datetime, trained: Trained | None = None) -> Ended:
    outcome = Outcome(finished_at=now, result="Failed", **(_taken(trained) if trained else {}))
    return Ended(Recorded(spec, outcome), f"{why.reason}: {why.message}")


def _taken(trained: Trained) -> dict[str, Any]:
    effort = trained.effort
    return {
        "pod_seconds": decimal(effort.seconds),
        "energy_wh": decimal(effort.energy_wh),
        "energy_basis": effort.basis.value,
    }


def _failure(error: Exception) -> Failure:
    told = error if isinstance(error, TaskError) else from_unexpected(error, "spec")
    return failure(told.reason, str(told))


@contextmanager
def _room_for_trainers() -> Iterator[None]:
    """Gives the accelerator's memory back at its end: the trainer is another process on the same one."""
    try:
        yield
    finally:
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
