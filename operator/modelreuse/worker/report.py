"""The full report: made from what the passes found, and stored where the check wants it.

A report that can't be stored is a finding and not a failure: the figures are there and were paid for.
"""

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence

import torch
from torch import nn

from modelreuse import __version__
from modelreuse.api import (
    AssessmentReport,
    DataSource,
    ReportedArray,
    ReportedData,
    ReportedLayer,
    ReportedModel,
    ReportedScore,
    ReportedSoftware,
    decimal,
)
from modelreuse.api.check import ModelSource
from modelreuse.scores import DataSummary, Layer, ScoreResult, ShiftReport
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


def reported_layers(table: Sequence[Layer], trained: Sequence[Layer]) -> list[ReportedLayer]:
    """Every layer with parameters, from input to head."""
    names = {layer.name for layer in trained}
    return [
        ReportedLayer(
            name=layer.name,
            kind=layer.kind,
            parameters=layer.parameters,
            share=decimal(min(1.0, layer.share)),
            forward_flops_share=(
                None if layer.forward_flops_share is None else decimal(min(1.0, layer.forward_flops_share))
            ),
            fine_tuned=layer.name in names,
        )
        for layer in table
    ]


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
