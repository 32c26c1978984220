"""From the check's reference to samples that can be shifted: as its file holds them, before any transform."""

from typing import Any

import numpy as np

from modelreuse.api import AssessmentTask
from modelreuse.calibration.samples import Rows, Samples
from modelreuse.worker import Places, TaskError
from modelreuse.worker.data import load_data
from modelreuse.worker.model_fields import reference_field

MAX_BYTES = 2**30
"""Of the samples: they are kept in memory and shifted as a whole, which takes several times as much."""
_ROWS_AT_ONCE = 4096


def read_samples(task: AssessmentTask, places: Places, seed: int, *, batch_size: int) -> Samples:
    """The reference's labelled samples, divided; at least a batch to learn from. Raises TaskError."""
    data = task.data
    field = reference_field(task.model)
    if data.labels is None:
        raise TaskError("LabelsMissing", "spec.data.labels", "is missing; a trainer learns from labelled samples")
    # With a transform, which nobody calls here, values may be of any type.
    transform = _as_they_are if data.transform else None
    loaded = load_data(data.reference, field, data, places, transform, labels_required=True)
    names = [*data.inputs, data.labels]
    pieces: list[Rows] = []
    held = 0
    for rows in loaded.source.chunks(names, _ROWS_AT_ONCE):
        held += sum(values.nbytes for values in rows.values())
        if held > MAX_BYTES:
            detail = f"{data.reference.uri!r}: takes more than {MAX_BYTES} bytes in memory; give a part of it"
            raise TaskError("FileTooLarge", field, detail)
        pieces.append(rows)
    whole = {name: np.concatenate([piece[name] for piece in pieces]) for name in names}
    labels = whole.pop(data.labels)
    for name, values in whole.items():
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            detail = f"the array {name!r} holds NaN or infinity, which can't be shifted"
            raise TaskError("InputsNotFinite", field, detail)
    samples = Samples.divided(whole, data.labels, labels, seed)
    if samples.to_learn < batch_size:
        raise TaskError(
            "EmptyData",
            field,
            f"{data.reference.uri!r}: of its labelled samples {samples.to_evaluate} would be held out and "
            f"{samples.to_learn} learnt from; that takes at least a batch of {batch_size} (spec.retraining.batchSize)",
        )
    return samples


def _as_they_are(rows: dict[str, Any]) -> Any:
    return rows
