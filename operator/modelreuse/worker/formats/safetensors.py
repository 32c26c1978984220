"""`.safetensors` with a factory: weights from the file, the module from the user's own code.

A safetensors file holds tensors and their names and nothing that runs; the parser is the format's own.
"""

from torch import Tensor, nn

from modelreuse.api import ModelSource
from modelreuse.worker.content import Content
from modelreuse.worker.errors import TaskError
from modelreuse.worker.formats.model import LoadedModel
from modelreuse.worker.model_fields import ModelFields
from modelreuse.worker.user_code import call, find
from modelreuse.worker.wording import few


def load_safetensors(content: Content, source: ModelSource, fields: ModelFields) -> LoadedModel:
    """The factory's module with the file's weights; every name and shape must agree.

    Raises TaskError: WeightsDamaged, FactoryMissing, CodeNotFound, CodeFailed, NotAModule, WeightsMismatch.
    """
    import safetensors
    from safetensors.torch import load

    if source.factory is None:
        raise TaskError(
            "FactoryMissing", fields.factory, "a .safetensors file holds weights only; name what builds the module"
        )
    try:
        state = load(content.data)
    except safetensors.SafetensorError as error:
        raise TaskError("WeightsDamaged", fields.uri, f"is no readable .safetensors file: {error}") from None
    module = call(find(source.factory, fields.factory), source.factory, fields.factory)
    if not isinstance(module, nn.Module):
        raise TaskError(
            "NotAModule",
            fields.factory,
            f"{source.factory} returned a value of type {type(module).__name__}, not a torch.nn.Module",
        )
    _fit(module, state, source.factory, fields)
    return LoadedModel(module, "Safetensors")


def _fit(module: nn.Module, state: dict[str, Tensor], factory: str, fields: ModelFields) -> None:
    own = module.state_dict()
    missing, unexpected = own.keys() - state.keys(), state.keys() - own.keys()
    if missing or unexpected:
        raise TaskError(
            "WeightsMismatch",
            fields.uri,
            f"the weights don't fit the module of {factory}: missing {few(sorted(missing), at_most=3)}; "
            f"unexpected {few(sorted(unexpected), at_most=3)}",
        )
    odd = sorted(name for name in own if own[name].shape != state[name].shape)
    if odd:
        here, there = tuple(own[odd[0]].shape), tuple(state[odd[0]].shape)
        raise TaskError(
            "WeightsMismatch",
            fields.uri,
            f"the weights don't fit the module of {factory}: {odd[0]!r} has shape {there} in the file, {here} in the "
            f"module (and {len(odd) - 1} more like it)",
        )
    module.load_state_dict(state, strict=True)
