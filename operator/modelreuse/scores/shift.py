"""How far new data have moved from reference data, as one model sees them: orchestration of taps and scores.

Plain iterables in, a report out. It must not know where batches and models come from, nor measure time or energy: the
two halves stand alone so that a caller can do that around each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

from modelreuse.scores.census import DataSummary
from modelreuse.scores.errors import ScoreError
from modelreuse.scores.evidence import Evidence, evidence_of
from modelreuse.scores.layer_shift import LayerShift
from modelreuse.scores.layers import Inputs, device_of, rows
from modelreuse.scores.observation import Array, Observation
from modelreuse.scores.passes import NewPass, ReferencePass
from modelreuse.scores.result import Finding, ScoreResult
from modelreuse.scores.table import SCORES, ScoreTable
from modelreuse.scores.taps import Taps

Batches = Iterable[tuple[Inputs, Array | None] | tuple[Inputs, Array | None, Array | None]]
"""Inputs of n samples, as the model takes them; their labels, (n,) whole numbers, or None; and perhaps their clusters,
(n,) whole numbers, equal for samples that are no independent evidence."""
Progress = Callable[[int], None]
"""Called after each batch with the number of samples seen so far."""
Join = Callable[[ReferencePass | NewPass], None]
"""Called after the last batch: merges into the pass what other processes saw of the same data set."""


def alone(seen: ReferencePass | NewPass) -> None:
    """Nobody else saw anything."""


@dataclass(frozen=True)
class ShiftReport:
    """What the passes over reference and new data tell.

    scores: every score's answer by name. findings: what a reader must know, over all scores. head: name of the layer
    whose input is the embedding, "" where the output itself is. classes: k, outputs of the model, 0 without classes.
    embedding_size: d. reference, new: what was seen. layers: how far each tapped layer moved, from input to head.
    evidence: the tier that all of this rests on.
    """

    scores: Mapping[str, ScoreResult]
    findings: tuple[Finding, ...]
    head: str
    classes: int
    embedding_size: int
    reference: DataSummary
    new: DataSummary
    layers: tuple[LayerShift, ...] = ()
    evidence: Evidence = Evidence.NO_LABELS


def pass_over_reference(
    model: nn.Module,
    batches: Batches,
    *,
    name: str = "reference",
    head: str | None = None,
    layers: Sequence[str] | None = None,
    classifier: bool = True,
    device: torch.device | str | None = None,
    precision: torch.dtype | None = None,
    scores: ScoreTable = SCORES,
    progress: Progress | None = None,
    join: Join = alone,
) -> ReferencePass:
    """One forward pass over the reference, which should be held-out data that resemble the training data.

    batches: read once, one at a time; empty ones are passed over. name: put in front of every error's message, for
    example the field that named the data. head, layers, classifier, precision: as for Taps. device: where to run; None
    where the model is. Inside, the model is on that device, in evaluation mode and without gradients; then device,
    modes and hooks are as before, whatever happens. join: for processes that share the reference. Labels of a model
    without classes are not looked at.
    Raises EmptyData, OneClass and what Taps and Observation raise.
    """
    reference = ReferencePass(scores)
    with (
        _on_device(model, device),
        Taps(model, head, layers, classifier=classifier, precision=precision) as taps,
        _named(name),
    ):
        for observation in _observations(taps, batches, progress):
            reference.update(observation)
        reference.head, reference.layers = taps.head, taps.layers
        join(reference)
        reference.compare()
    return reference


def pass_over_new(
    model: nn.Module,
    batches: Batches,
    reference: ReferencePass,
    *,
    name: str = "new",
    device: torch.device | str | None = None,
    precision: torch.dtype | None = None,
    progress: Progress | None = None,
    join: Join = alone,
) -> ShiftReport:
    """One forward pass over new data, and the comparison with the reference; parameters as for `pass_over_reference`.

    The model must be that of the reference; its head is looked for where the reference names none.
    Raises EmptyData, WrongShape where model or layer differ from the reference's, and what Taps and Observation raise.
    """
    new = reference.compare()
    taps = Taps(model, reference.head, reference.layers, classifier=reference.classes > 0, precision=precision)
    with _on_device(model, device), taps, _named(name):
        for observation in _observations(taps, batches, progress):
            new.update(observation)
        join(new)
        results = new.results()
        return ShiftReport(
            scores=results,
            findings=new.findings(),
            head=taps.head or "",
            classes=reference.classes,
            embedding_size=reference.embedding_size,
            reference=reference.summary(),
            new=new.summary(),
            layers=new.layers(),
            evidence=evidence_of(new.summary()),
        )


def measure_shift(
    model: nn.Module,
    reference_batches: Batches,
    new_batches: Batches,
    *,
    reference_name: str = "reference",
    new_name: str = "new",
    head: str | None = None,
    layers: Sequence[str] | None = None,
    classifier: bool = True,
    device: torch.device | str | None = None,
    precision: torch.dtype | None = None,
    scores: ScoreTable = SCORES,
    progress: Progress | None = None,
) -> ShiftReport:
    """One pass over the reference, one over new data; parameters, errors and result as for those two."""
    with _on_device(model, device):
        reference = pass_over_reference(
            model,
            reference_batches,
            name=reference_name,
            head=head,
            layers=layers,
            classifier=classifier,
            precision=precision,
            scores=scores,
            progress=progress,
        )
        return pass_over_new(model, new_batches, reference, name=new_name, precision=precision, progress=progress)


def _observations(taps: Taps, batches: Batches, progress: Progress | None) -> Iterator[Observation]:
    seen = 0
    for number, (inputs, labels, *more) in enumerate(batches, start=1):
        try:
            if rows(inputs) == 0:
                continue
            observation = taps.observe(inputs, labels if taps.classifier else None, *more)
        except ScoreError as error:
            raise error.within(f"batch {number}") from error
        yield observation
        seen += observation.samples
        if progress is not None:
            progress(seen)


@contextmanager
def _named(name: str) -> Iterator[None]:
    try:
        yield
    except ScoreError as error:
        raise error.within(name) from error


@contextmanager
def _on_device(model: nn.Module, device: torch.device | str | None) -> Iterator[None]:
    if device is None:
        yield
        return
    before = device_of(model)
    try:
        model.to(device)
        yield
    finally:
        model.to(before)
