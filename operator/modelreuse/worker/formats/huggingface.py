"""A Hugging Face folder: `config.json` and safetensors, loaded by transformers' own classes and nobody else's.

`from_pretrained` on a folder can import the folder's Python code, unpickle weights, fetch kernels, backbones or
adapters from a hub, and fill what is missing with random numbers and a warning. So it never sees the folder: the
configuration is read and vetted here, the weights are tensors that were checked, and every name must agree.
"""

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from modelreuse.api.uris import PICKLE_REFUSED, PICKLE_SUFFIXES
from modelreuse.worker.errors import TaskError
from modelreuse.worker.formats.model import LoadedModel
from modelreuse.worker.model_fields import ModelFields
from modelreuse.worker.staged import Staged
from modelreuse.worker.wording import few, one_line

CONFIG = "config.json"
_INDEX = "model.safetensors.index.json"
_WEIGHTS = ".safetensors"
_MAX_CONFIG_BYTES = 4 * 2**20
_TASKS = (
    "ImageClassification",
    "SequenceClassification",
    "AudioClassification",
    "VideoClassification",
    "TokenClassification",
)
"""Of which kinds of model there is one output per class. The first whose table has the architecture is taken."""
_REFUSED = {
    "auto_map": "names Python code of its own, which is not run (trust_remote_code is off)",
    "custom_pipelines": "names Python code of its own, which is not run (trust_remote_code is off)",
    "quantization_config": "is quantized; save it in float32, float16 or bfloat16",
}
_FETCHING = ("use_pretrained_backbone", "use_timm_backbone")


def wanted(name: str) -> bool:
    """Which files of the folder belong to the model. Pickles do, so that their owner is told."""
    return "/" not in name and (name == CONFIG or name.endswith((_WEIGHTS, ".index.json", *PICKLE_SUFFIXES)))


def load_huggingface(staged: Staged, fields: ModelFields) -> LoadedModel:
    """The model of the folder, in float32, on the CPU.

    Raises TaskError: FileNotFound, NeedsPickle, ExtraMissing, UnsafeProgram (code of its own), UnknownFormat,
    ModelNotReadable, WeightsDamaged, WeightsMismatch.
    """
    names = list(staged.files)
    shards = [name for name in names if name.endswith(_WEIGHTS)]
    pickled = [name for name in names if name.endswith(PICKLE_SUFFIXES)]
    if CONFIG not in names:
        raise TaskError("FileNotFound", fields.uri, f"{staged.uri!r}: holds no {CONFIG}; give a Hugging Face folder")
    if not shards and pickled:
        raise TaskError("NeedsPickle", fields.uri, f"holds {pickled[0]!r} and no safetensors; {PICKLE_REFUSED}")
    if not shards:
        raise TaskError("FileNotFound", fields.uri, f"{staged.uri!r}: holds no {_WEIGHTS} file")
    settings = _settings(staged, fields)
    state = _state(staged, shards, fields)
    with _silent():
        return LoadedModel(_built(settings, state, fields), "HuggingFace")


def _settings(staged: Staged, fields: ModelFields) -> dict[str, Any]:
    if staged.files[CONFIG].size > _MAX_CONFIG_BYTES:
        raise TaskError("ModelNotReadable", fields.uri, f"{CONFIG} is longer than {_MAX_CONFIG_BYTES} bytes")
    try:
        settings = json.loads(staged.read(CONFIG))
    except (ValueError, RecursionError):
        settings = None
    if not isinstance(settings, dict):
        raise TaskError("ModelNotReadable", fields.uri, f"{CONFIG} is no JSON object")
    _refuse(settings, fields)
    return settings


def _refuse(settings: Any, fields: ModelFields) -> None:
    """Whatever would run code or fetch something, at any depth."""
    if isinstance(settings, list):
        for each in settings:
            _refuse(each, fields)
    if not isinstance(settings, dict):
        return
    for key, value in settings.items():
        if key in _REFUSED and value:
            raise TaskError("UnsafeProgram", fields.uri, f"is refused: {CONFIG} {_REFUSED[key]}")
        if key in _FETCHING and value:
            raise TaskError("UnsafeProgram", fields.uri, f"is refused: {CONFIG} would fetch another model ({key})")
        _refuse(value, fields)


def _state(staged: Staged, shards: list[str], fields: ModelFields) -> dict[str, Tensor]:
    import safetensors
    from safetensors.torch import load

    state: dict[str, Tensor] = {}
    for name in _named_by_index(staged, shards, fields):
        try:
            state.update(load(staged.read(name)))
        except safetensors.SafetensorError as error:
            raise TaskError("WeightsDamaged", fields.uri, f"{name!r} is no readable {_WEIGHTS} file: {error}") from None
    return state


def _named_by_index(staged: Staged, shards: list[str], fields: ModelFields) -> list[str]:
    """The shards: those of the index where there is one, else the one file."""
    if _INDEX not in staged.files:
        if len(shards) > 1 and "model.safetensors" in shards:
            return ["model.safetensors"]
        if len(shards) > 1:
            raise TaskError("WeightsDamaged", fields.uri, f"holds {few(shards, at_most=3)} and no {_INDEX}")
        return shards
    try:
        named = sorted(set(json.loads(staged.read(_INDEX))["weight_map"].values()))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise TaskError("WeightsDamaged", fields.uri, f"{_INDEX} is no index of weights") from None
    missing = [name for name in named if name not in shards]
    if missing or not named:
        raise TaskError("WeightsDamaged", fields.uri, f"{_INDEX} names {few(missing, at_most=3)}, which isn't there")
    return named


def _built(settings: dict[str, Any], state: dict[str, Tensor], fields: ModelFields) -> nn.Module:
    try:
        import transformers
    except ImportError:
        raise TaskError(
            "ExtraMissing",
            fields.uri,
            "a Hugging Face folder needs the extra 'transformers': pip install 'model-reuse-operator[transformers]'",
        ) from None
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        config = transformers.AutoConfig.for_model(**{"model_type": "", **settings})
    except Exception as error:
        cause = one_line(f"{type(error).__name__}: {error}", 200)
        raise TaskError(
            "ModelNotReadable", fields.uri, f"transformers {transformers.__version__} can't read {CONFIG}: {cause}"
        ) from error
    architecture = _architecture(transformers, config, fields)
    try:
        model, loading = architecture.from_pretrained(
            None,
            config=config,
            state_dict=state,
            dtype=torch.float32,
            attn_implementation="eager",
            local_files_only=True,
            use_safetensors=True,
            ignore_mismatched_sizes=True,  # so that they are told by name, below
            output_loading_info=True,
        )
    except (MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        cause = one_line(f"{type(error).__name__}: {error}", 200)
        raise TaskError(
            "ModelNotReadable", fields.uri, f"transformers {transformers.__version__} can't load it: {cause}"
        ) from error
    _check_fit(loading, fields)
    assert isinstance(model, nn.Module)
    return model


def _architecture(transformers: Any, config: Any, fields: ModelFields) -> Any:
    """The class that the folder was saved from, if transformers' own tables of classifiers hold it."""
    saved = list(config.architectures or [])
    for task in _TASKS:
        auto = getattr(transformers, f"AutoModelFor{task}", None)
        known = None if auto is None else auto._model_mapping.get(type(config), None)
        classes = known if isinstance(known, tuple) else (known,)
        for each in classes:
            if each is not None and each.__name__ in saved:
                return each
    shown = few(saved) if saved else f"no architecture (model_type {config.model_type!r})"
    raise TaskError(
        "UnknownFormat",
        fields.uri,
        f"{CONFIG} names {shown}; known are classifiers: architectures that end in For{' or For'.join(_TASKS)}",
    )


def _check_fit(loading: Any, fields: ModelFields) -> None:
    missing, unexpected = sorted(loading["missing_keys"]), sorted(loading["unexpected_keys"])
    odd = sorted(str(each[0] if isinstance(each, tuple) else each) for each in loading["mismatched_keys"])
    if missing or unexpected or odd:
        raise TaskError(
            "WeightsMismatch",
            fields.uri,
            f"the weights don't fit {CONFIG}: missing {few(missing, at_most=3)}; unexpected "
            f"{few(unexpected, at_most=3)}; of another shape {few(odd, at_most=3)}",
        )


@contextmanager
def _silent() -> Iterator[None]:
    """Without the library's progress bars and advice: what matters of it becomes an error of ours."""
    logger = logging.getLogger("transformers")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
