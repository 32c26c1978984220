"""The full report: made from what the passes found, and stored where the check wants it.

A report that can't be stored is a finding and not a failure: the figures are there and were paid for.
"""

import hashlib
import json
import platform
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

import torch
from torch import nn

from modelreuse import __version__
from modelreuse.api import (
    AssessmentReport,
    DataSource,
    ModelSource,
    MovedLayer,
    ReportedArray,
    ReportedData,
    ReportedLayer,
    ReportedModel,
    ReportedScore,
    ReportedShift,
    ReportedSoftware,
    decimal,
)
from modelreuse.api.check import MAX_LAYER_NAME
from modelreuse.scores import EMBEDDING, DataSummary, Layer, LayerShift, ScoreResult, ShiftReport, backward_shares
from modelreuse.scores.layers import kind_of
from modelreuse.worker.data import DataSet
from modelreuse.worker.output import Output
from modelreuse.worker.rows import failure, labels_of


def reported_model(source: ModelSource, kind: str, sha256: str, module: nn.Module, shift: ShiftReport) -> ReportedModel:
    """The model's part of the report."""
    return ReportedModel(
        name=source.name,
        uri=source.uri,
        format=kind,
        sha256=sha256,
        parameters=sum(parameter.numel() for parameter in module.parameters()),
        head=shift.head,
        classes=shift.classes,
        embedding_size=shift.embedding_size,
    )


def reported_data(source: DataSource, data: DataSet, seen: DataSummary) -> ReportedData:
    """A data set's part of the report."""
    return ReportedData(
        uri=source.uri,
        revision=source.revision,
        sha256=data.sha256,
        samples=seen.samples,
        labelled=seen.labelled,
        arrays=[
            ReportedArray(name=column.name, dtype=column.dtype, shape=[seen.samples, *column.shape])
            for column in data.columns.values()
        ],
    )


def reported_scores(scores: Mapping[str, ScoreResult]) -> list[ReportedScore]:
    """All scores, also the undefined ones with their reason."""
    return [
        ReportedScore(
            name=name,
            value=None if result.value is None else decimal(result.value),
            means=result.means,
            samples=result.samples,
            labels=labels_of(result.basis),
            details={key: decimal(figure) for key, figure in result.details.items()},
            undefined=None if result.undefined is None else failure(result.undefined.reason, result.undefined.message),
            finding=None if result.finding is None else failure(result.finding.reason, result.finding.message),
        )
        for name, result in scores.items()
    ]


def reported_layers(
    table: Sequence[Layer], shifts: Sequence[LayerShift], module: nn.Module, trained: Collection[str]
) -> list[ReportedLayer]:
    """Every layer with parameters from input to head, then what was tapped without any of its own.

    trained: names of the layers worth training.
    """
    moves = {shift.name: shift for shift in shifts}
    owners = {layer.name for layer in table}
    others = [
        Layer(name, "" if name == EMBEDDING else kind_of(module.get_submodule(name)), 0, 0.0)
        for name in moves
        if name not in owners
    ]
    backward = [*backward_shares(table), *([None] * len(others))]
    return [
        ReportedLayer(
            name=layer.name,
            kind=layer.kind,
            parameters=layer.parameters,
            share=decimal(min(1.0, layer.share)),
            forward_flops_share=_share(layer.forward_flops_share),
            backward_share=_share(share),
            worth_training=layer.name in trained,
            shift=_reported_shift(moves[layer.name]) if layer.name in moves else None,
        )
        for layer, share in zip([*table, *others], backward, strict=True)
    ]


def _reported_shift(shift: LayerShift) -> ReportedShift:
    return ReportedShift(
        channels=shift.channels,
        distance=decimal(shift.distance.value),
        error=_known(shift.distance.error),
        change=decimal(shift.change.value),
        change_error=_known(shift.change.error),
        moved=shift.moved,
    )


def moved_layers(shifts: Sequence[LayerShift]) -> list[MovedLayer]:
    """The layers that moved, the farthest first, as a status holds them."""
    moved = sorted((shift for shift in shifts if shift.moved), key=lambda shift: -shift.distance.value)
    return [
        MovedLayer(name=_ending(s.name), shift=decimal(s.distance.value), error=_known(s.distance.error)) for s in moved
    ]


def _ending(name: str) -> str:
    """A name as short as a status needs it: the end of a dotted name says most."""
    return name if len(name) <= MAX_LAYER_NAME else f"…{name[1 - MAX_LAYER_NAME :]}"


def _known(figure: float | None) -> Decimal | None:
    return None if figure is None else decimal(figure)


def _share(share: float | None) -> Decimal | None:
    return None if share is None else decimal(min(1.0, share))


def software() -> ReportedSoftware:
    """The versions that computed the figures."""
    return ReportedSoftware(modelreuse=__version__, torch=torch.__version__, python=platform.python_version())


def store(report: AssessmentReport, output: Output) -> str:
    """Writes the report as `assessment-MODEL-HASH.json`, whole or not at all.

    Returns `sha256:…` of the file; HASH is its first 16 digits. Raises TaskError where it can't be written.
    """
    data = (json.dumps(report.to_wire(), indent=1, ensure_ascii=False) + "\n").encode()
    digest = hashlib.sha256(data).hexdigest()
    output.write(f"assessment-{report.model.name}-{digest[:16]}.json", data)
    return f"sha256:{digest}"
