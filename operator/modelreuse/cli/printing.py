"""Reports for people and for programs. Only this goes to standard output."""

import json
import sys
from collections.abc import Callable, Sequence
from decimal import Decimal

import yaml
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from modelreuse.api import AssessmentReport, ReportedData, ReportedLayer, format_decimal

_DIGITS = 4
_FEW_LAYERS = 24
"""A longer table shows those that moved farthest only."""
_WIDE = 110
"""Columns from which on there is room to say what each score means."""


def as_json(reports: Sequence[AssessmentReport]) -> None:
    """One JSON document, `{"models": [report, …]}`."""
    sys.stdout.write(json.dumps(_document(reports), indent=2, ensure_ascii=False) + "\n")


def as_yaml(reports: Sequence[AssessmentReport]) -> None:
    """The same as YAML."""
    sys.stdout.write(yaml.safe_dump(_document(reports), sort_keys=False, allow_unicode=True, width=120))


def as_table(reports: Sequence[AssessmentReport]) -> None:
    """What a person wants to know first."""
    console = Console()
    for report in reports:
        _print(console, report)


PRINTERS: dict[str, Callable[[Sequence[AssessmentReport]], None]] = {
    "table": as_table,
    "json": as_json,
    "yaml": as_yaml,
}


def _document(reports: Sequence[AssessmentReport]) -> dict[str, object]:
    return {"models": [report.to_wire() for report in reports]}


def _print(console: Console, report: AssessmentReport) -> None:
    model = report.model
    console.print(Text.assemble((model.name, "bold"), f"  {model.uri}  {model.sha256[:19]}…"), overflow="ellipsis")
    console.print(
        f"  {model.parameters:,} parameters, {model.classes} classes; reference {_counted(report.reference)}, "
        f"new {_counted(report.new)}",
        highlight=False,
    )
    console.print(Text(f"  evidence {report.evidence}: {report.evidence_means}"))
    console.print(_scores(report, with_meaning=console.width >= _WIDE))
    console.print(_layers(report))
    console.print(_worth_training(report))
    console.print(_cost(report))
    for finding in report.findings:
        console.print(Text(f"  ! {finding.reason}: {finding.message}", style="yellow"))
    console.print()


def _counted(data: ReportedData) -> str:
    labels = (
        "" if data.labelled == data.samples else f", {data.labelled:,} labelled" if data.labelled else ", no labels"
    )
    return f"{data.samples:,} samples{labels}"


def _scores(report: AssessmentReport, *, with_meaning: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 2))
    table.add_column("score", no_wrap=True)
    table.add_column("new", justify="right", no_wrap=True)
    table.add_column("reference", justify="right", no_wrap=True)
    table.add_column("labels", no_wrap=True)
    if with_meaning:
        table.add_column("means", overflow="fold")
    for score in report.scores:
        if score.value is None:
            continue
        labels = {"Given": "given", "Predicted": "predicted", "Unused": "unused"}[score.labels]
        cells = [score.name, short(score.value), short(score.details.get("reference")), labels]
        table.add_row(*cells, *([Text(score.means)] if with_meaning else []))
    return table


def _layers(report: AssessmentReport) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 2))
    table.add_column("layer", overflow="fold")
    table.add_column("shift", justify="right", no_wrap=True)
    table.add_column("± error", justify="right", no_wrap=True)
    table.add_column("worth training", no_wrap=True)
    table.add_column("parameters", justify="right", no_wrap=True)
    table.add_column("backward", justify="right", no_wrap=True)
    for layer in _farthest(report.layers):
        shift = layer.shift
        moved = "" if shift is None else short(shift.distance) + ("*" if shift.moved else "")
        error = "" if shift is None else short(shift.error)
        training = "yes" if layer.worth_training else ""
        owned = _percent(layer.share) if layer.parameters else ""
        table.add_row(Text(layer.name), moved, error, training, owned, _percent(layer.backward_share))
    return table


def _farthest(layers: Sequence[ReportedLayer]) -> list[ReportedLayer]:
    """At most so many layers, those that moved farthest, in the model's order."""
    by_distance = sorted(layers, key=lambda each: each.shift.distance if each.shift else Decimal("-Infinity"))
    shown = {each.name for each in by_distance[-_FEW_LAYERS:]}
    return [each for each in layers if each.name in shown]


def _worth_training(report: AssessmentReport) -> Text:
    """What the table doesn't say by itself."""
    hidden = len(report.layers) - _FEW_LAYERS
    lines = ["  * moved: beyond 3 standard errors and 0.1 standard deviations of the reference"]
    if hidden > 0:
        lines.append(f"  {hidden} layers that moved less are not shown; -o json has all")
    names = [layer.name for layer in report.layers if layer.worth_training]
    if names and report.trainable_share is not None:
        suffix = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]} ({len(names)} layers)"
        share = f"{_percent(report.trainable_share)} of parameters"
        backward = f", {_percent(report.backward_share)} of a backward pass" if report.backward_share else ""
        lines.append(f"  worth training: {suffix}: {share}{backward}")
    return Text("\n".join(lines))


def _percent(share: Decimal | None) -> str:
    return "" if share is None else f"{float(share):.1%}"


def _cost(report: AssessmentReport) -> Text:
    measured = report.measured
    lines = [
        f"  forward pass: {measured.samples:,} samples in {short(measured.seconds)} s on {measured.device}, "
        f"{short(measured.energy_wh)} Wh ({measured.energy_basis.value.lower()})"
    ]
    if measured.step_seconds is not None:
        head = f", head alone {short(measured.head_step_seconds)} s" if measured.head_step_seconds is not None else ""
        lines.append(
            f"  training step of {measured.step_batch_size} samples: {short(measured.step_seconds)} s{head} (measured)"
        )
    return Text("\n".join(lines))


def short(figure: Decimal | None) -> str:
    """A figure with four significant digits, without an exponent; empty for none."""
    if figure is None:
        return ""
    if not figure:
        return "0"
    places = max(0, _DIGITS - 1 - figure.adjusted())
    return format_decimal(round(figure, min(places, 12)))
