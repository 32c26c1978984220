"""From a model's URI to a module: one line in a table per format, chosen by the suffix."""

from collections.abc import Callable

import torch

from modelreuse.api import ModelSource
from modelreuse.api.uris import PICKLE_REFUSED, PICKLE_SUFFIXES, UNKNOWN_MODEL_FORMAT, is_folder
from modelreuse.worker.content import Content, read
from modelreuse.worker.errors import TaskError
from modelreuse.worker.formats import huggingface
from modelreuse.worker.formats.model import LoadedModel
from modelreuse.worker.formats.pt2 import load_pt2
from modelreuse.worker.formats.safetensors import load_safetensors
from modelreuse.worker.model_fields import ModelFields
from modelreuse.worker.places import Places
from modelreuse.worker.staged import stage

Loader = Callable[[Content, ModelSource, ModelFields, torch.device], LoadedModel]

FORMATS: dict[str, Loader] = {
    ".pt2": lambda content, _source, fields, device: load_pt2(content, fields, device),
    ".safetensors": lambda content, source, fields, _device: load_safetensors(content, source, fields),
}
"""Of models in one file. A folder is Hugging Face's."""


def load_model(
    source: ModelSource, fields: ModelFields, places: Places, device: torch.device, expected_sha256: str | None = None
) -> tuple[LoadedModel, str]:
    """The model on `device`, in evaluation mode, and the hash of its file or folder.

    expected_sha256: other bytes are refused before anything is parsed.
    Raises TaskError: ArtifactMismatch, UnknownFormat, NeedsPickle, and what `content.read`, `stage` and the format's
    loader raise.
    """
    loaded, sha256 = _loaded(source, fields, places, device, expected_sha256)
    loaded.module.to(device)
    loaded.module.train(mode=False)
    return loaded, sha256


def _loaded(
    source: ModelSource, fields: ModelFields, places: Places, device: torch.device, expected_sha256: str | None
) -> tuple[LoadedModel, str]:
    if source.uri.endswith(PICKLE_SUFFIXES):
        raise TaskError("NeedsPickle", fields.uri, f"{source.uri!r}: {PICKLE_REFUSED}")
    suffix = next((suffix for suffix in FORMATS if source.uri.endswith(suffix)), None)
    if suffix is not None:
        content = read(source.uri, fields.uri, places)
        _compare(content.sha256, expected_sha256, source, fields)
        return FORMATS[suffix](content, source, fields, device), content.sha256
    if is_folder(source.uri):
        staged = stage(source.uri, fields.uri, places, wanted=huggingface.wanted)
        _compare(staged.sha256, expected_sha256, source, fields)
        return huggingface.load_huggingface(staged, fields), staged.sha256
    raise TaskError("UnknownFormat", fields.uri, f"{source.uri!r}: unknown format; {UNKNOWN_MODEL_FORMAT}")


def _compare(found: str, expected: str | None, source: ModelSource, fields: ModelFields) -> None:
    if expected is not None and found != expected:
        raise TaskError(
            "ArtifactMismatch", fields.uri, f"{source.uri!r}: holds {found}, but the training reported {expected}"
        )
