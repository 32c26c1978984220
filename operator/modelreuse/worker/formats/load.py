"""From a model's URI to a module: one line in the table per format, chosen by the suffix."""

from collections.abc import Callable

import torch

from modelreuse.api import ModelSource
from modelreuse.worker.content import Content, read
from modelreuse.worker.errors import TaskError
from modelreuse.worker.formats.model import LoadedModel, ModelFields
from modelreuse.worker.formats.pt2 import load_pt2
from modelreuse.worker.formats.safetensors import load_safetensors
from modelreuse.worker.places import Places

Loader = Callable[[Content, ModelSource, ModelFields, torch.device], LoadedModel]

FORMATS: dict[str, Loader] = {
    ".pt2": lambda content, _source, fields, device: load_pt2(content, fields, device),
    ".safetensors": lambda content, source, fields, _device: load_safetensors(content, source, fields),
}


def load_model(
    source: ModelSource, fields: ModelFields, places: Places, device: torch.device, expected_sha256: str | None = None
) -> tuple[LoadedModel, str]:
    """The model on `device`, in evaluation mode, and the hash of its file.

    expected_sha256: other bytes are refused before anything is parsed.
    Raises TaskError: ArtifactMismatch, UnknownFormat, and what `content.read` and the format's loader raise.
    """
    suffix = next((suffix for suffix in FORMATS if source.uri.endswith(suffix)), None)
    if suffix is None:
        raise TaskError(
            "UnknownFormat", fields.uri, f"{source.uri!r}: unknown format; known suffixes: {', '.join(FORMATS)}"
        )
    content = read(source.uri, fields.uri, places)
    if expected_sha256 is not None and content.sha256 != expected_sha256:
        raise TaskError(
            "ArtifactMismatch",
            fields.uri,
            f"{source.uri!r}: holds {content.sha256}, but the training reported {expected_sha256}",
        )
    loaded = FORMATS[suffix](content, source, fields, device)
    loaded.module.to(device)
    loaded.module.train(mode=False)
    return loaded, content.sha256
