"""What could be known before each setting's retraining: every score of one forward pass, in a table of its own.

Kept apart from the runs, so that scores can change without a single retraining. The pass is the product's own, over new
data twice: without labels but for the audit sample, and with all labels.
"""

import multiprocessing
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor

import torch
from torch import Tensor

from modelreuse.scores import ShiftReport, pass_over_new, pass_over_reference
from study.datasets import Samples
from study.grid import Setting
from study.learning import be_deterministic
from study.records import AUDITED, LABELLED
from study.row import DIGITS
from study.scene import Scene, scene
from study.store import Store, write_table

Say = Callable[[str], None]
_BATCH = 250


def features(seen: Scene) -> dict[str, dict[str, str]]:
    """By table, its line: `score` and `score.detail` by name, empty where undefined, and the findings' reasons."""
    reference = pass_over_reference(seen.model, _batches(seen.reference))
    lines = {}
    for table, new in {AUDITED: _audited(seen), LABELLED: _batches(seen.new)}.items():
        report = pass_over_new(seen.model, new, reference)
        lines[table] = {"setting": seen.setting.name, "findings": _findings(report), **_figures(report)}
    return lines


def write_features(settings: Sequence[Setting], store: Store, say: Say = print) -> None:
    """Compute both tables anew for all settings, each once; one file per data set and side of the split."""
    # What is known before a retraining is the same both times that a repeated setting is run.
    settings = list({setting.name: setting for setting in settings}.values())
    lines: dict[tuple[str, str, str], list[dict[str, str]]] = {}
    start = time.monotonic()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(mp_context=context, initializer=be_deterministic) as pool:
        for number, (setting, tables) in enumerate(zip(settings, pool.map(_of, settings), strict=True), start=1):
            for table, line in tables.items():
                lines.setdefault((store.side(setting), table, setting.data_set), []).append(line)
            if number % 20 == 0 or number == len(settings):
                left = (time.monotonic() - start) / number * (len(settings) - number)
                say(f"{number}/{len(settings)} settings, {left / 60:.0f} min left")
    columns = ["setting", "findings", *sorted({key for part in lines.values() for line in part for key in line})]
    columns = list(dict.fromkeys(columns))
    for (side, table, data_set), part in lines.items():
        ordered = sorted(part, key=lambda line: line["setting"])
        write_table(store.folder / side / table / f"{data_set}.csv", columns, ordered)


def _of(setting: Setting) -> dict[str, dict[str, str]]:
    return features(scene(setting))


def _batches(samples: Samples) -> list[tuple[Tensor, Tensor | None]]:
    pairs = zip(torch.split(samples.inputs, _BATCH), torch.split(samples.labels, _BATCH), strict=True)
    return [(inputs, labels) for inputs, labels in pairs]


def _audited(seen: Scene) -> list[tuple[Tensor, Tensor | None]]:
    """The audit sample with its labels, then the rest without."""
    inputs, labels = seen.new.inputs, seen.new.labels
    with_labels = _batches(Samples(inputs[: seen.audit], labels[: seen.audit]))
    return [*with_labels, *((part, None) for part in torch.split(inputs[seen.audit :], _BATCH) if len(part))]


def _figures(report: ShiftReport) -> Mapping[str, str]:
    figures: dict[str, float] = {}
    for name, result in report.scores.items():
        if result.value is not None:
            figures[name] = result.value
        figures.update({f"{name}.{detail}": value for detail, value in result.details.items()})
    return {name: f"{value:.{DIGITS}g}" for name, value in figures.items()}


def _findings(report: ShiftReport) -> str:
    undefined = (f"{name}:{result.undefined.reason}" for name, result in report.scores.items() if result.undefined)
    return " ".join([*(finding.reason for finding in report.findings), *undefined])
