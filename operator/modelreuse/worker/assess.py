"""The assessment: one pass over the reference, one over the new data, what they cost, and what a step would cost.

The order is the order in which mistakes get cheap to find: files first, then weights, then the passes.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

from modelreuse.api import (
    AssessmentReport,
    AssessmentSummary,
    AssessmentTask,
    ContentHashes,
    Failure,
    MeasuredPass,
    decimal,
)
from modelreuse.scores import Layer, ReferencePass, ScoreError, ShiftReport, layer_table, pass_over_new
from modelreuse.scores import pass_over_reference as reference_pass
from modelreuse.worker.content import file_sha256
from modelreuse.worker.data import DataSet, Transform, load_data
from modelreuse.worker.effort import Effort, default_device, device_name, meter
from modelreuse.worker.errors import TaskError
from modelreuse.worker.formats.load import load_model
from modelreuse.worker.formats.model import ModelFields
from modelreuse.worker.places import Places
from modelreuse.worker.probe import Timing, timed
from modelreuse.worker.report import (
    reported_data,
    reported_layers,
    reported_model,
    reported_scores,
    software,
    store,
    why_not_stored,
)
from modelreuse.worker.rows import failure, findings, score_rows
from modelreuse.worker.suffix import spellings, trained_suffix
from modelreuse.worker.summary import fitted
from modelreuse.worker.user_code import find
from modelreuse.worker.wording import one_line

REFERENCE_FIELD = "spec.data.reference.uri"
NEW_FIELD = "spec.data.new.uri"
EVALUATION_FIELD = "spec.data.evaluation.uri"
TRANSFORM_FIELD = "spec.data.transform"

Progress = Callable[[str, int, int], None]
"""Told which stage runs, how many samples it has seen, and how many there are."""


@dataclass(frozen=True)
class Assessed:
    """The result: a summary that fits a termination message, and the full report."""

    summary: AssessmentSummary
    report: AssessmentReport


def _silent(stage: str, seen: int, samples: int) -> None: ...


def assess(
    task: AssessmentTask,
    places: Places,
    *,
    device: torch.device | None = None,
    started: float | None = None,
    progress: Progress = _silent,
) -> Assessed:
    """Does the task in this process.

    device: None takes CUDA where there is some. started: `time.perf_counter()` when the program began, from which
    startup_seconds counts; None is now. Raises TaskError; running out of memory passes through.
    """
    started = time.perf_counter() if started is None else started
    device = device or default_device()
    fields = ModelFields.of_candidate(task.model.name)
    progress("loading", 0, 0)
    transform = find(task.data.transform, TRANSFORM_FIELD) if task.data.transform else None
    reference, new, evaluation = _load_data(task, places, transform)
    loaded, model_sha256 = load_model(task.model, fields, places, device)
    module = loaded.module

    startup = time.perf_counter() - started
    shift, effort = _passes(task, module, reference, new, fields, device, progress)
    table = _layer_table(module, new, fields)
    suffix = trained_suffix(table, shift.head)
    progress("timing", 0, 0)
    probe = timed(module, new, task.probe_batch_size, shift.classes, shift.head, device)

    hashes = ContentHashes(model=model_sha256, reference=reference.sha256, new=new.sha256, evaluation=evaluation)
    known = _known(task, shift, probe)
    measured = _measured(device, shift, effort, probe, startup)
    layers = list(spellings(suffix, table))
    report = AssessmentReport(
        task=task.task,
        model=reported_model(task.model, loaded.format, model_sha256, module, shift),
        data=task.data,
        reference=reported_data(task.data.reference, reference, shift.reference),
        new=reported_data(task.data.new, new, shift.new),
        hashes=hashes,
        objective=task.objective,
        scores=reported_scores(shift.scores),
        findings=known,
        layers=reported_layers(table, suffix),
        trainable_share=decimal(layers[0].share) if layers else None,
        measured=measured,
        energy_note=one_line(effort.note, 1024),
        software=software(),
    )
    report_sha256, not_stored = _stored(report, task, places)
    summary = AssessmentSummary(
        task=task.task,
        hashes=hashes,
        samples=shift.new.samples,
        classes=shift.classes,
        scores=score_rows(shift.scores),
        measured=measured,
        report_sha256=report_sha256,
    )
    return Assessed(fitted(summary, [*not_stored, *known], layers), report)


def _load_data(
    task: AssessmentTask, places: Places, transform: Transform | None
) -> tuple[DataSet, DataSet, str | None]:
    """Reference, new data, and the evaluation data's hash: it is frozen with the assessment, though not used yet."""
    reference = load_data(task.data.reference.uri, REFERENCE_FIELD, task.data, places, transform)
    new = load_data(task.data.new.uri, NEW_FIELD, task.data, places, transform)
    if task.data.labels and reference.labels is None and new.labels is None:
        raise TaskError(
            "ArrayMissing",
            "spec.data.labels",
            f"neither the reference nor the new data hold an array {task.data.labels!r}",
        )
    if task.data.evaluation is None:
        return reference, new, None
    return reference, new, file_sha256(task.data.evaluation.uri, EVALUATION_FIELD, places)


def _passes(
    task: AssessmentTask,
    module: nn.Module,
    reference: DataSet,
    new: DataSet,
    fields: ModelFields,
    device: torch.device,
    progress: Progress,
) -> tuple[ShiftReport, Effort]:
    """Both passes and what they cost together."""
    layers = tuple(task.model.layers) or None
    with _errors_of_the_pass(reference, fields), meter(device) as of_reference:
        known: ReferencePass = reference_pass(
            module,
            reference.batches(task.batch_size),
            name=reference.field,
            layers=layers,
            progress=lambda seen: progress("reference", seen, reference.samples),
        )
    with _errors_of_the_pass(new, fields), meter(device) as of_new:
        shift = pass_over_new(
            module,
            new.batches(task.batch_size),
            known,
            name=new.field,
            progress=lambda seen: progress("new", seen, new.samples),
        )
    return shift, Effort.of(of_reference.measurement) + Effort.of(of_new.measurement)


@contextmanager
def _errors_of_the_pass(data: DataSet, fields: ModelFields) -> Iterator[None]:
    """Scores know batches and layers; the reader knows fields."""
    try:
        yield
    except ScoreError as error:
        detail = str(error).removeprefix(f"{data.field}: ")
        if error.reason in {"UnknownLayer", "HeadNotFound"}:
            detail = detail.partition(": ")[2] if detail.startswith("batch ") else detail
            field = fields.layers if error.reason == "UnknownLayer" else fields.uri
            raise TaskError(error.reason, field, detail) from error
        if error.reason == "InputsRejected" and data.has_whole_numbers:
            detail += " (whole numbers reach the model as they are; spec.data.transform can scale and convert them)"
        raise TaskError(error.reason, data.field, detail) from error


def _layer_table(module: nn.Module, new: DataSet, fields: ModelFields) -> list[Layer]:
    with _errors_of_the_pass(new, fields):
        return layer_table(module, new.take(slice(0, min(2, new.samples))))


def _known(task: AssessmentTask, shift: ShiftReport, probe: Timing) -> list[Failure]:
    """All findings, most important first."""
    partly = [
        failure("LabelsPartlyMissing", f"only the {there} data hold the labels {task.data.labels!r}")
        for there, seen, other in (
            ("reference", shift.reference, shift.new),
            ("new", shift.new, shift.reference),
        )
        if seen.labelled and not other.labelled
    ]
    return [*([probe.failed] if probe.failed else []), *partly, *findings(shift)]


def _measured(device: torch.device, shift: ShiftReport, effort: Effort, probe: Timing, startup: float) -> MeasuredPass:
    whole, head = probe.whole, probe.head
    return MeasuredPass(
        device=device_name(device),
        samples=shift.reference.samples + shift.new.samples,
        seconds=decimal(effort.seconds),
        cpu_seconds=decimal(effort.cpu_seconds),
        energy_wh=decimal(effort.energy_wh),
        energy_basis=effort.basis,
        step_seconds=None if whole is None else decimal(whole.seconds),
        step_cpu_seconds=None if whole is None else decimal(whole.cpu_seconds),
        step_energy_wh=None if whole is None or whole.energy_wh is None else decimal(whole.energy_wh),
        step_batch_size=probe.batch_size,
        head_step_seconds=None if head is None else decimal(head.seconds),
        startup_seconds=decimal(startup),
    )


def _stored(report: AssessmentReport, task: AssessmentTask, places: Places) -> tuple[str | None, list[Failure]]:
    if task.output is None:
        return None, []
    try:
        return store(report, task.output, places), []
    except (OSError, TaskError) as error:
        return None, [failure("ReportNotStored", why_not_stored(error))]
