"""What a retraining is about to read, compared with what was assessed and approved.

Files are hashed as the assessment hashed them; nothing is parsed or imported, so that this takes neither torch nor
much memory. What an image holds (`file://`) isn't compared: the image's own digest was approved.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from modelreuse.api import InputsSummary, InputsTask, ModelSource
from modelreuse.api.uris import is_folder
from modelreuse.worker.code_folder import CODE_FIELD, copied
from modelreuse.worker.errors import TaskError
from modelreuse.worker.formats.data import staged_data
from modelreuse.worker.model_fields import ModelFields, reference_field
from modelreuse.worker.places import Places
from modelreuse.worker.staged import stage

_IN_THE_IMAGE = "file://"


def compare(task: InputsTask, places: Places) -> InputsSummary:
    """Does the task in this process. Raises TaskError: InputsChanged, and what reading files raises."""
    for uri, field, found, approved in _found(task, places):
        if found != approved:
            raise TaskError(
                "InputsChanged", field, f"{uri!r}: holds {found}, but {approved} was approved; assess again"
            )
    return InputsSummary(task=task.task)


def _found(task: InputsTask, places: Places) -> Iterator[tuple[str, str, str, str | None]]:
    """URI, its field, the hash of what lies there now, and the hash that was approved: cheap things first."""
    if task.code is not None and not _in_the_image(task.code.uri):
        with tempfile.TemporaryDirectory(prefix="code-") as copy:
            yield task.code.uri, CODE_FIELD, copied(task.code.uri, places, Path(copy)), task.hashes.code
    if not _in_the_image(task.model.uri):
        field = ModelFields.of_candidate(task.model.name).uri
        yield task.model.uri, field, _model_sha256(task.model, field, places), task.hashes.model
    data, hashes = task.data, task.hashes
    for field, source, approved in (
        (reference_field(task.model), data.reference, hashes.reference),
        ("spec.data.new.uri", data.new, hashes.new),
        ("spec.data.evaluation.uri", data.evaluation, hashes.evaluation),
    ):
        if source is not None and not _in_the_image(source.uri):
            yield source.uri, field, staged_data(source, field, places, keep=False).sha256, approved


def _model_sha256(model: ModelSource, field: str, places: Places) -> str:
    if not is_folder(model.uri):
        return stage(model.uri, field, places, keep=False).sha256
    from modelreuse.worker.formats.huggingface import wanted  # brings torch

    return stage(model.uri, field, places, wanted=wanted, keep=False).sha256


def _in_the_image(uri: str) -> bool:
    return uri.startswith(_IN_THE_IMAGE)
