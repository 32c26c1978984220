"""Reads what a model computes on the way, without changing the model or the file that it came from.

Forward hooks sit on the head and on layers that were asked for, and are gone when the block ends, whatever happens.
Works on any torch.nn.Module, also on the output of `torch.export.unflatten`. It must not know what is computed from
the tensors.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self

import torch
from torch import Tensor, nn

from modelreuse.scores.errors import ActivationsNotFinite, InputsNotFinite, InputsRejected, UnknownLayer
from modelreuse.scores.head import HeadCall, Reading, features_last, head_among, is_linear, logits_in, reading_of
from modelreuse.scores.layers import Inputs, device_of, evaluation_mode, kind_of, to_device
from modelreuse.scores.observation import Array, Observation, as_labels

Arguments = tuple[tuple[Tensor, ...], dict[str, Tensor]]
NEAR_NAMES: Final = 5
LONGEST_CAUSE: Final = 300


@dataclass(frozen=True)
class Call:
    """One call of a module: its name, what it was given (positional, then keyword), and what it returned."""

    name: str
    module: nn.Module
    given: tuple[Any, ...]
    output: Any


class Taps:
    """Hooks on a model's head and on further layers, for the time of a `with` block, in which it is in evaluation mode.

    head: name of the layer whose input is the embedding; None finds the last linear layer whose output is the model's
    output, at the first batch, and puts its name into this attribute. layers: names of further layers whose outputs
    are wanted. Entering the block raises UnknownLayer, which lists near names, for one that the model does not have.

        with Taps(model) as taps:
            observation = taps.observe(inputs)
    """

    def __init__(self, model: nn.Module, head: str | None = None, layers: Sequence[str] = ()) -> None:
        self.model = model
        self.head = head
        self.layers = tuple(layers)
        self._reading: Reading | None = None
        self._open = ExitStack()
        self._calls: list[HeadCall] = []
        self._outputs: dict[str, Any] = {}

    def __enter__(self) -> Self:
        for name in (*(() if self.head is None else (self.head,)), *self.layers):
            check_layer(self.model, name)
        self._open.enter_context(evaluation_mode(self.model))
        self._open.enter_context(hooked(self.model, self.layers, self._keep_output))
        if self.head is not None:
            self._open.enter_context(hooked(self.model, (self.head,), self._keep_call))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._forget()
        self._open.close()

    def observe(self, inputs: Inputs, labels: Array | None = None) -> Observation:
        """One forward pass, without gradients, on the device that the model is on.

        inputs: n samples as the model takes them. labels: (n,) whole numbers or None.
        The logits are the model's output (n, k), or its field or key `logits`, or its first part; where that turns out
        to be the softmax of the head's output, the head's output is taken. The embedding is the head's input; where it
        has dimensions between the first and the features (space, tokens), the part that the output depends on: their
        mean, or the first or last token.
        Raises InputsNotFinite, InputsRejected (the forward pass fails), HeadNotFound, UnknownLayer (a tapped layer does
        not run), ActivationsNotFinite (names the first layer that made NaN or infinity), and what Observation raises.
        Running out of memory (torch.OutOfMemoryError) and failures of the device pass through unchanged.
        """
        device = device_of(self.model)
        arguments = to_device(inputs, device)
        self._forget()
        with torch.inference_mode():
            output, call = self._forward(arguments)
            self._check_finite({"the output": output, f"the input of {call.name!r}": call.input}, arguments)
            reading = self._reading or reading_of(call, output) or Reading()
            self._reading = reading
            activations = {name: self._output_of(name) for name in self.layers}
            self._check_finite({f"the output of {name!r}": values for name, values in activations.items()}, arguments)
        self._forget()
        return Observation(
            logits=reading.logits(call, output),
            embedding=reading.embedding(call),
            labels=None if labels is None else as_labels(labels).to(device),
            activations=MappingProxyType(activations),
        )

    def _forward(self, arguments: Arguments) -> tuple[Tensor, HeadCall]:
        """The model's output and the call of its head, which is found now if it isn't known."""
        if self.head is not None:
            output = self._run(arguments)
            if not self._calls:
                raise UnknownLayer(f"layer {self.head!r} does not run in the forward pass; name one that does as head")
            return output, self._calls[-1]
        linear = [name for name, module in self.model.named_modules() if is_linear(module)]
        with hooked(self.model, linear, self._keep_call):
            output = self._run(arguments)
        self._check_finite({"the output": output}, arguments)
        call, self._reading = head_among(self._calls, output)
        self.head = call.name
        self._open.enter_context(hooked(self.model, (call.name,), self._keep_call))
        return output, call

    def _run(self, arguments: Arguments) -> Tensor:
        positional, keyword = arguments
        try:
            return logits_in(self.model(*positional, **keyword))
        except (RuntimeError, ValueError, TypeError, LookupError, AssertionError, AttributeError) as error:
            if _may_heal(error):
                raise
            shapes = ", ".join(f"{tuple(t.shape)} ({str(t.dtype)[6:]})" for t in _tensors(arguments))
            cause = (" ".join(str(error).split()) or type(error).__name__)[:LONGEST_CAUSE]
            raise InputsRejected(f"the model does not take inputs of shape {shapes}: {cause}") from error

    def _keep_call(self, call: Call) -> None:
        """Remember a call of what may be the head; of those on whole maps or sequences, only the latest of a shape.

        So the search for the head among all linear layers does not keep every layer's tensors of a large model.
        """
        given = next((value for value in call.given if isinstance(value, Tensor)), None)
        if given is None or given.ndim < 2:
            return
        plain = isinstance(call.output, Tensor) and call.output.ndim >= 2
        made = features_last(call.output, call.module) if plain else None
        if made is None or made.ndim > 2:
            shape = None if made is None else made.shape
            self._calls = [known for known in self._calls if getattr(known.output, "shape", None) != shape]
        self._calls.append(HeadCall(call.name, features_last(given, call.module), made))

    def _keep_output(self, call: Call) -> None:
        """Remember a copy: what follows may write into the layer's output (`inplace=True`, `x += y`)."""
        several = isinstance(call.output, tuple | list) and call.output
        first = call.output[0] if several else call.output
        self._outputs[call.name] = first.clone() if isinstance(first, Tensor) else first

    def _output_of(self, name: str) -> Tensor:
        if name not in self._outputs:
            raise UnknownLayer(f"layer {name!r} does not run in the forward pass; name one that does")
        output = self._outputs[name]
        if not isinstance(output, Tensor):
            raise UnknownLayer(f"layer {name!r} gives {type(output).__name__}; name a layer that gives a tensor")
        return output

    def _forget(self) -> None:
        self._calls.clear()
        self._outputs.clear()

    def _check_finite(self, tensors: Mapping[str, Tensor], arguments: Arguments) -> None:
        for what, values in tensors.items():
            if not is_finite(values):
                raise self._culprit(what, values, arguments)

    def _culprit(self, what: str, values: Tensor, arguments: Arguments) -> Exception:
        """The error that names where NaN or infinity comes from: the data, or the first layer that makes any of it."""
        for given in _tensors(arguments):
            if not is_finite(given):
                return InputsNotFinite(
                    f"inputs of shape {tuple(given.shape)}: {_describe(given)} are not finite; give numbers only"
                )
        first: list[str] = []

        def look(call: Call) -> None:
            if not first and isinstance(call.output, Tensor) and not is_finite(call.output):
                described = _describe(call.output)
                first.append(f"layer {call.name!r} ({kind_of(call.module)}): {described} of its output are not finite")

        with hooked(self.model, [name for name, _ in self.model.named_modules() if name], look):
            self._run(arguments)
        where = first[0] if first else f"{what}: {_describe(values)} are not finite"
        return ActivationsNotFinite(
            f"{where} although the inputs are; look for damaged weights, or inputs scaled otherwise than in training"
        )


@contextmanager
def hooked(model: nn.Module, names: Sequence[str], see: Callable[[Call], None]) -> Iterator[None]:
    """Show `see` each call of the named modules inside the block."""

    def hook(name: str, module: nn.Module, given: tuple[Any, ...], named: dict[str, Any], output: Any) -> None:
        see(Call(name, module, (*given, *named.values()), output))

    handles = []
    try:
        for name in names:
            module = model.get_submodule(name)
            handles.append(module.register_forward_hook(partial(hook, name), with_kwargs=True))
        yield
    finally:
        for handle in handles:
            handle.remove()


def check_layer(model: nn.Module, name: str) -> None:
    """Raise UnknownLayer, naming the nearest names, unless the model has a module of that name."""
    names = [known for known, _ in model.named_modules() if known]
    if name in names:
        return
    near = difflib.get_close_matches(name, names, n=NEAR_NAMES, cutoff=0.5)
    if near:
        raise UnknownLayer(f"layer {name!r} is not in the model; near names: {', '.join(map(repr, near))}")
    some = ", ".join(map(repr, names[-NEAR_NAMES:])) or "none at all"
    raise UnknownLayer(f"layer {name!r} is not in the model, which has {len(names)} layers; the last ones: {some}")


def find_head(model: nn.Module, inputs: Inputs) -> str:
    """Name of the last linear layer whose output is the model's output for these inputs; "" for the model itself.

    Raises HeadNotFound where no linear layer's is, and what Taps.observe raises.
    """
    with Taps(model) as taps:
        taps.observe(inputs)
    return taps.head or ""


def is_finite(values: Tensor) -> bool:
    """Whether there is neither NaN nor infinity; whole numbers always are finite."""
    return not values.is_floating_point() or bool(values.isfinite().all())


def _describe(values: Tensor) -> str:
    nans, all_odd = int(values.isnan().sum()), int((~values.isfinite()).sum())
    return f"{all_odd} of {values.numel()} values ({nans} NaN, {all_odd - nans} infinite)"


def _tensors(arguments: Arguments) -> tuple[Tensor, ...]:
    return (*arguments[0], *arguments[1].values())


def _may_heal(error: Exception) -> bool:
    """Whether this is about the machine and not about the inputs: out of memory, or a failing accelerator."""
    machine = (torch.OutOfMemoryError, getattr(torch, "AcceleratorError", torch.OutOfMemoryError))
    return isinstance(error, machine) or "allocate memory" in str(error) or "CUDA error" in str(error)
