"""The reference's sketch, kept beside the reports: the same model on the same reference need not run twice.

A sketch is found by a key over everything that it depends on: contents of weights, data and user code, layers, and the
source of the scores themselves. It is arrays and nothing that runs. Whoever can write the folder could forge one, as
they could forge the reference data: the folder is the requester's, and so are both. Damage is noticed and told.
"""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import modelreuse.scores
from modelreuse.api import AssessmentTask, Failure
from modelreuse.scores import ReferencePass, ScoreError
from modelreuse.worker.content import Content
from modelreuse.worker.errors import TaskError
from modelreuse.worker.formats.archive import Archive
from modelreuse.worker.formats.npz import array_names, load_npz
from modelreuse.worker.loaded_code import loaded_code_sha256
from modelreuse.worker.output import Output
from modelreuse.worker.rows import failure

CACHED = "ReferenceCached"
IGNORED = "ReferenceCacheIgnored"
MAX_BYTES = 2**30

_HEADER = "modelreuse"
_LAYOUT = 1


@dataclass(frozen=True)
class Found:
    """A restored reference, or None; and what a reader should know about that."""

    reference: ReferencePass | None
    finding: Failure | None


@dataclass(frozen=True)
class ReferenceCache:
    """References kept in a folder. output: None keeps none. key: what the reference depends on, as JSON."""

    output: Output | None
    key: str

    @property
    def name(self) -> str:
        """The file's name: the key's hash."""
        return f"reference-{hashlib.sha256(self.key.encode()).hexdigest()[:32]}.npz"

    def find(self) -> Found:
        """The reference that was kept under this key. Never raises TaskError: without it the pass is simply made."""
        if self.output is None:
            return Found(None, None)
        try:
            data = self.output.read(self.name, limit=MAX_BYTES)
            if data is None:
                return Found(None, None)
            reference = _restored(data, self.key)
        except (TaskError, ScoreError, ValueError, TypeError) as error:
            why = str(error) if isinstance(error, TaskError) else f"{self.name} doesn't hold what it should"
            return Found(None, failure(IGNORED, f"the kept reference was not used, the pass was made anew: {why}"))
        told = f"the pass over the reference was skipped: {self.name} holds that of the same model, data and scores"
        return Found(reference, failure(CACHED, told))

    def keep(self, reference: ReferencePass) -> Failure | None:
        """Writes the reference for the next check. Returns why it can't, if it can't."""
        if self.output is None:
            return None
        try:
            self.output.write(self.name, _written(reference, self.key))
        except TaskError as error:
            return failure("ReferenceNotKept", str(error))
        return None


def cache_key(
    task: AssessmentTask,
    model_format: str,
    model_sha256: str,
    reference_sha256: str,
    code_sha256: str | None,
    device: torch.device,
) -> str:
    """All that a reference's sketch depends on, as canonical JSON.

    Of user code, all of `spec.code` counts, and of code in the image what is imported by now.
    """
    names = [task.model.factory, task.data.transform, task.data.reference.factory]
    return json.dumps(
        {
            "layout": _LAYOUT,
            "model": model_sha256,
            "format": model_format,
            "modelFactory": task.model.factory,
            "reference": reference_sha256,
            "referenceSuffix": task.data.reference.uri.rpartition("/")[2].rpartition(".")[2],
            "referenceFactory": task.data.reference.factory,
            "inputs": task.data.inputs,
            "labels": task.data.labels,
            "clusters": task.data.clusters,
            "precision": task.precision,
            "transform": task.data.transform,
            "code": code_sha256 if any(names) else None,
            "imported": loaded_code_sha256() if any(names) else None,
            "layers": task.model.layers,
            "scores": scores_sha256(),
            "torch": torch.__version__,
            "device": device.type,
        },
        sort_keys=True,
    )


@cache
def scores_sha256() -> str:
    """The version of the scores' definitions: `sha256:…` of their source, which no one can forget to raise."""
    digest = hashlib.sha256()
    for folder in modelreuse.scores.__path__:
        for file in sorted(Path(folder).rglob("*.py")):
            source = file.read_bytes()
            digest.update(f"{file.relative_to(folder).as_posix()}\0{len(source)}\0".encode())
            digest.update(source)
    return f"sha256:{digest.hexdigest()}"


def _written(reference: ReferencePass, key: str) -> bytes:
    arrays = reference.to_arrays()
    header = {"key": key, "head": reference.head, "arrays": _arrays_sha256(arrays)}
    stored: dict[str, NDArray[Any]] = {_HEADER: np.frombuffer(json.dumps(header).encode(), np.uint8), **arrays}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **stored)
    return buffer.getvalue()


def _restored(data: bytes, key: str) -> ReferencePass:
    """Raises TaskError, ScoreError, ValueError or TypeError for anything but what `_written` made of this key."""
    content = Content(data, "")
    names = array_names(Archive(io.BytesIO(data), "spec.assessment.output", ".npz"))
    arrays = load_npz(content, "spec.assessment.output", names, limit=MAX_BYTES)
    header = json.loads(arrays.pop(_HEADER, np.zeros(0, np.uint8)).tobytes() or b"{}")
    if not isinstance(header, dict) or header.get("key") != key or header.get("arrays") != _arrays_sha256(arrays):
        raise ValueError("another key, or damaged")
    reference = ReferencePass()
    reference.merge_arrays(arrays)
    reference.head = header.get("head")
    reference.compare()
    return reference


def _arrays_sha256(arrays: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        values = np.ascontiguousarray(arrays[name])
        digest.update(f"{name}\0{values.dtype.str}\0{values.shape}\0".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()
