"""The assessment: one pass over the reference, one over the new data, what they cost, and what a step would cost.

The order is the order in which mistakes get cheap to find: files first, then weights, then the passes.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

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
from modelreuse.api.check import MAX_DEVICE_NAME, Precision
from modelreuse.api.types import MAX_TEXT
from modelreuse.scores import Layer, ScoreError, ShiftReport, TrainedSuffix, layer_table, pass_over_new, worth_training
from modelreuse.scores import pass_over_reference as reference_pass
from modelreuse.worker.code_folder import imported_from
from modelreuse.worker.data import DataSet, Transform, check_class_count, check_same_classes, data_sha256, load_data
from modelreuse.worker.effort import Effort, default_device, device_name, meter
from modelreuse.worker.errors import TaskError
from modelreuse.worker.formats.load import load_model
from modelreuse.worker.model_fields import ModelFields, reference_field
from modelreuse.worker.output import Output
from modelreuse.worker.places import Places
from modelreuse.worker.probe import Timing, timed
from modelreuse.worker.reference_cache import ReferenceCache, cache_key
from modelreuse.worker.report import (
    moved_layers,
    reported_data,
    reported_layers,
    reported_model,
    reported_scores,
    software,
    store,
)
from modelreuse.worker.rows import failure, findings, score_rows
from modelreuse.worker.shards import ALONE, Peers, Shard, met
from modelreuse.worker.spelling import spellings
from modelreuse.worker.summary import fitted
from modelreuse.worker.user_code import find
from modelreuse.worker.wording import one_line

NEW_FIELD = "spec.data.new.uri"
EVALUATION_FIELD = "spec.data.evaluation.uri"
TRANSFORM_FIELD = "spec.data.transform"
PRECISIONS: Final[Mapping[Precision, torch.dtype]] = {"BFloat16": torch.bfloat16, "Float16": torch.float16}

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
    shard: Shard = ALONE,
) -> Assessed:
    """Does the task in this process, or its share of it: then all that share it end with the same result.

    device: None takes CUDA where there is some. started: `time.perf_counter()` when the program began, from which
    startup_seconds counts; None is now. shard: number 0 alone keeps reference and report and times steps.
    Raises TaskError; running out of memory passes through.
    """
    started = time.perf_counter() if started is None else started
    if shard.number:
        task = task.model_copy(update={"output": None, "probe_batch_size": None})
    readers = (source.factory for source in task.data.sources)
    alone_at = time.perf_counter()
    with met(shard) as peers:
        started += time.perf_counter() - alone_at  # waiting for others is no part of loading
        with imported_from(task.code, places, (task.model.factory, task.data.transform, *readers)) as code:
            return _assessed(task, places, code, device or default_device(), started, progress, peers)


def _assessed(
    task: AssessmentTask,
    places: Places,
    code: str | None,
    device: torch.device,
    started: float,
    progress: Progress,
    peers: Peers,
) -> Assessed:
    fields = ModelFields.of_candidate(task.model.name)
    progress("loading", 0, 0)
    transform = find(task.data.transform, TRANSFORM_FIELD) if task.data.transform else None
    reference, new, evaluation = _load_data(task, places, transform)
    loaded, model_sha256 = load_model(task.model, fields, places, device)
    module = loaded.module

    hashes = ContentHashes(
        model=model_sha256, reference=reference.sha256, new=new.sha256, evaluation=evaluation, code=code
    )
    startup = time.perf_counter() - started
    peers.agree(hashes)
    key = cache_key(task, loaded.format, model_sha256, reference.sha256, code, device)
    cache = ReferenceCache(Output(task.output, places) if task.output else None, key)
    passed = _passes(task, module, reference, new, fields, device, cache, progress, peers)
    shift, effort = passed.shift, passed.effort
    table = _layer_table(module, new, fields)
    suffix = _worth_training(shift, table)
    progress("timing", 0, 0)
    probe = timed(module, new, task.probe_batch_size, shift.classes, shift.head, device)

    known = [*_known(task, shift, probe), *passed.findings]
    measured = _measured(device, passed, probe, startup)
    layers = [] if suffix is None else list(spellings(suffix, table))
    report = AssessmentReport(
        task=task.task,
        model=reported_model(task.model, loaded.format, model_sha256, module, shift),
        data=task.data,
        reference=reported_data(task.data.reference, reference, shift.reference),
        new=reported_data(task.data.new, new, shift.new),
        hashes=hashes,
        objective=task.objective,
        precision=task.precision,
        evidence=shift.evidence.value,
        evidence_means=shift.evidence.means,
        scores=reported_scores(shift.scores),
        findings=known,
        layers=reported_layers(table, shift.layers, module, suffix.names if suffix else ()),
        trainable_share=decimal(suffix.parameters) if suffix else None,
        backward_share=decimal(suffix.backward) if suffix and suffix.backward is not None else None,
        measured=measured,
        energy_note=one_line(effort.note, MAX_TEXT),
        software=software(),
    )
    report_sha256, not_stored = _stored(report, task, places)
    summary = AssessmentSummary(
        task=task.task,
        hashes=hashes,
        samples=shift.new.samples,
        classes=shift.classes,
        labelled=shift.new.labelled,
        evidence=shift.evidence.value,
        scores=score_rows(shift.scores),
        measured=measured,
        report_sha256=report_sha256,
    )
    return Assessed(fitted(summary, [*not_stored, *known], layers, moved_layers(shift.layers)), report)


def _load_data(
    task: AssessmentTask, places: Places, transform: Transform | None
) -> tuple[DataSet, DataSet, str | None]:
    """Reference, new data, and the evaluation data's hash: it is frozen with the assessment, though not used yet."""
    reference_at = reference_field(task.model)
    reference = load_data(task.data.reference, reference_at, task.data, places, transform, clustered=True)
    new = load_data(task.data.new, NEW_FIELD, task.data, places, transform, clustered=True)
    if task.data.labels and not reference.labelled and not new.labelled:
        raise TaskError(
            "ArrayMissing",
            "spec.data.labels",
            f"neither the reference nor the new data hold an array {task.data.labels!r}",
        )
    check_same_classes(reference, new)
    if task.data.evaluation is None:
        return reference, new, None
    if reference.classes:  # folders of images, whose classes must be known to have the same numbers
        evaluation = load_data(task.data.evaluation, EVALUATION_FIELD, task.data, places, transform)
        check_same_classes(reference, evaluation)
        return reference, new, evaluation.sha256
    return reference, new, data_sha256(task.data.evaluation, EVALUATION_FIELD, places)


@dataclass(frozen=True)
class _Passed:
    """What the passes that were made tell, what they cost together, and how many samples went through the model."""

    shift: ShiftReport
    effort: Effort
    samples: int
    findings: list[Failure]


def _passes(
    task: AssessmentTask,
    module: nn.Module,
    reference: DataSet,
    new: DataSet,
    fields: ModelFields,
    device: torch.device,
    cache: ReferenceCache,
    progress: Progress,
    peers: Peers,
) -> _Passed:
    """Both passes, or that over the new data where the reference is known."""
    layers, precision = tuple(task.model.layers) or None, None if task.precision is None else PRECISIONS[task.precision]
    found = cache.find()
    findings = [found.finding]
    part, parts = peers.shard.number, peers.shard.count
    known, effort = peers.told(found.reference), None
    if known is None:
        with _errors_of_the_pass(reference, fields), meter(device) as of_reference:
            known = reference_pass(
                module,
                reference.batches(task.batch_size, part=part, parts=parts),
                name=reference.field,
                layers=layers,
                precision=precision,
                progress=lambda seen: progress("reference", seen, reference.samples or 0),
                join=peers.join,
            )
        effort = Effort.of(of_reference.measurement)
        findings.append(cache.keep(known))
    with _errors_of_the_pass(new, fields), meter(device) as of_new:
        shift = pass_over_new(
            module,
            new.batches(task.batch_size, part=part, parts=parts),
            known,
            name=new.field,
            precision=precision,
            progress=lambda seen: progress("new", seen, new.samples or 0),
            join=peers.join,
        )
    for data in (reference, new):
        check_class_count(data, shift.classes)
    of_new_data = Effort.of(of_new.measurement)
    return _Passed(
        shift,
        peers.together(of_new_data if effort is None else effort + of_new_data),
        shift.new.samples + (0 if effort is None else shift.reference.samples),
        [each for each in findings if each is not None],
    )


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
        return layer_table(module, new.take(slice(0, 2)))


def _worth_training(shift: ShiftReport, table: list[Layer]) -> TrainedSuffix | None:
    """The layers that a fine-tuning would train; None where the head is no layer with parameters."""
    if all(layer.name != shift.head for layer in table):
        return None
    return worth_training(shift.layers, table, shift.head)


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


def _measured(device: torch.device, passed: _Passed, probe: Timing, startup: float) -> MeasuredPass:
    whole, head, effort = probe.whole, probe.head, passed.effort
    work = None if whole is None else whole.work
    return MeasuredPass(
        device=one_line(device_name(device), MAX_DEVICE_NAME),
        samples=passed.samples,
        seconds=decimal(effort.seconds),
        cpu_seconds=decimal(effort.cpu_seconds),
        energy_wh=decimal(effort.energy_wh),
        energy_basis=effort.basis,
        step_seconds=None if whole is None else decimal(whole.seconds),
        step_energy_wh=None if whole is None or whole.energy_wh is None else decimal(whole.energy_wh),
        step_batch_size=probe.batch_size,
        step_gigaflops=None if work is None else decimal(work.gigaflops),
        step_gigabytes=None if work is None else decimal(work.gigabytes),
        step_launches=None if work is None else work.launches,
        head_step_seconds=None if head is None else decimal(head.seconds),
        startup_seconds=decimal(startup),
    )


def _stored(report: AssessmentReport, task: AssessmentTask, places: Places) -> tuple[str | None, list[Failure]]:
    if task.output is None:
        return None, []
    try:
        return store(report, Output(task.output, places)), []
    except TaskError as error:
        return None, [failure("ReportNotStored", str(error))]
