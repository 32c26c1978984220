"""Reads what a model computes on the way, without changing the model or the file that it came from.

Forward hooks sit on the head and on layers that were asked for, and are gone when the block ends, whatever happens.
Works on any torch.nn.Module, also on the output of `torch.export.unflatten`. It must not know what is computed from
the tensors.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self

import torch
from torch import Tensor, nn

from modelreuse.scores.errors import ActivationsNotFinite, InputsNotFinite, InputsRejected, UnknownLayer
from modelreuse.scores.head import (
    HeadCall,
    Reading,
    embedding_in,
    features_last,
    head_among,
    is_linear,
    logits_in,
    part_at,
    reading_of,
)
from modelreuse.scores.keys import row_keys
from modelreuse.scores.layers import Inputs, device_of, evaluation_mode, kind_of, rows, to_device
from modelreuse.scores.observation import Array, Observation, as_labels
from modelreuse.scores.tapping import candidates, channel_means, evenly, first_of, usable

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
    output, at the first batch, and puts its name into this attribute. layers: names of further layers; None finds up to
    64 that have weights and run, at the first batch, and puts them here. classifier: False for a model whose outputs
    are no classes (regression, embeddings): then there are no logits, and without a head the output is the embedding.
    precision: floating-point type that the model computes in where it may (torch.autocast); None leaves it as it is.
    Entering the block raises UnknownLayer, which lists near names, for a layer that the model does not have.

        with Taps(model) as taps:
            observation = taps.observe(inputs)
    """

    def __init__(
        self,
        model: nn.Module,
        head: str | None = None,
        layers: Sequence[str] | None = None,
        *,
        classifier: bool = True,
        precision: torch.dtype | None = None,
    ) -> None:
        self.model = model
        self.head = head
        self.layers = None if layers is None else tuple(layers)
        self.classifier = classifier
        self.precision = precision
        self._reading: Reading | None = None
        self._open = ExitStack()
        self._calls: list[HeadCall] = []
        self._means: dict[str, Any] = {}
        self._samples = 0

    def __enter__(self) -> Self:
        for name in (*(() if self.head is None else (self.head,)), *(self.layers or ())):
            check_layer(self.model, name)
        self._open.enter_context(evaluation_mode(self.model))
        self._open.enter_context(hooked(self.model, self.layers or (), self._keep_means))
        if self.head is not None:
            self._open.enter_context(hooked(self.model, (self.head,), self._keep_call))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._forget()
        self._open.close()

    def observe(self, inputs: Inputs, labels: Array | None = None, clusters: Array | None = None) -> Observation:
        """One forward pass, without gradients, on the device that the model is on.

        inputs: n samples as the model takes them. labels: (n,) whole numbers or None. clusters: as in Observation.
        The logits are the model's output (n, k), or its field or key `logits`, or its first part; where that turns out
        to be the softmax of the head's output, the head's output is taken. The embedding is the head's input; where it
        has dimensions between the first and the features (space, tokens), the part that the output depends on: their
        mean, or the first or last token. Of further layers the channel means are kept, see `tapping.channel_means`.
        Raises InputsNotFinite, InputsRejected (the forward pass fails), HeadNotFound, UnknownLayer (a tapped layer does
        not run), ActivationsNotFinite (names the first layer that made NaN or infinity), and what Observation raises.
        Running out of memory (torch.OutOfMemoryError) and failures of the device pass through unchanged.
        """
        device = device_of(self.model)
        arguments = to_device(inputs, device)
        self._forget()
        self._samples = rows(inputs)
        with torch.inference_mode():
            # Before the pass: it brings the inputs into the core's cache, which the model needs too.
            keys = row_keys(_tensors(arguments))
            logits, embedding = self._pass(arguments)
            means = {name: self._means_of(name) for name in self.layers or ()}
            observation = Observation(
                logits=None if logits is None else _wide(logits),
                embedding=_wide(embedding),
                labels=None if labels is None else as_labels(labels),
                activations=MappingProxyType(means),
                keys=keys,
                clusters=None if clusters is None else as_labels(clusters).to(device),
            )
            self._check_finite(observation, arguments)
        self._forget()
        return observation

    def _pass(self, arguments: Arguments) -> tuple[Tensor | None, Tensor]:
        """Logits (n, k), or None for a model without classes, and embedding (n, d)."""
        if not self.classifier:
            output, call = self._forward_without_classes(arguments)
            return None, part_at(output, "mean") if call is None else part_at(call.input, "mean")
        output, call = self._forward(arguments)
        reading = self._reading or reading_of(call, output) or Reading()
        self._reading = reading
        return reading.logits(call, output), reading.embedding(call)

    def _forward(self, arguments: Arguments) -> tuple[Tensor, HeadCall]:
        """The model's output and the call of its head, which is found now if it isn't known."""
        if self.head is not None:
            output = self._run(arguments)
            return output, self._call_of_head(self.head)
        linear = [name for name, module in self.model.named_modules() if is_linear(module)]
        with hooked(self.model, linear, self._keep_call):
            output = self._run(arguments)
        if not is_finite(output):
            raise self._culprit("the output", output, arguments)
        call, self._reading = head_among(self._calls, output)
        self.head = call.name
        self._open.enter_context(hooked(self.model, (call.name,), self._keep_call))
        return output, call

    def _forward_without_classes(self, arguments: Arguments) -> tuple[Tensor, HeadCall | None]:
        output = self._run(arguments)
        return output, None if self.head is None else self._call_of_head(self.head)

    def _call_of_head(self, name: str) -> HeadCall:
        if not self._calls:
            raise UnknownLayer(f"layer {name!r} does not run in the forward pass; name one that does as head")
        return self._calls[-1]

    def _run(self, arguments: Arguments) -> Tensor:
        positional, keyword = arguments
        if self.layers is None:
            return self._run_and_choose(arguments)
        try:
            with self._autocast():
                output = self.model(*positional, **keyword)
            return logits_in(output) if self.classifier else embedding_in(output)
        except (RuntimeError, ValueError, TypeError, LookupError, AssertionError, AttributeError) as error:
            if _may_heal(error):
                raise
            shapes = ", ".join(f"{tuple(t.shape)} ({str(t.dtype)[6:]})" for t in _tensors(arguments))
            cause = (" ".join(str(error).split()) or type(error).__name__)[:LONGEST_CAUSE]
            raise InputsRejected(f"the model does not take inputs of shape {shapes}: {cause}") from error

    def _run_and_choose(self, arguments: Arguments) -> Tensor:
        """The first pass where no layer was named: taps all candidates, and then keeps those that gave channels."""
        self.layers = tuple(candidates(self.model))
        with hooked(self.model, self.layers, self._keep_means):
            output = self._run(arguments)
        ran = [name for name, means in self._means.items() if isinstance(means, Tensor)]
        self.layers = tuple(evenly(ran))
        self._open.enter_context(hooked(self.model, self.layers, self._keep_means))
        return output

    def _autocast(self) -> AbstractContextManager[Any]:
        if self.precision is None:
            return nullcontext()
        return torch.autocast(device_of(self.model).type, dtype=self.precision)

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

    def _keep_means(self, call: Call) -> None:
        """Reduce the output at once: what follows may write into it, and a batch's maps are larger than all else."""
        output = first_of(call.output)
        fits = usable(output, self._samples)
        # In the order of the last call: from input to head.
        self._means.pop(call.name, None)
        self._means[call.name] = channel_means(output, call.module) if fits else type(output).__name__

    def _means_of(self, name: str) -> Tensor:
        if name not in self._means:
            raise UnknownLayer(f"layer {name!r} does not run in the forward pass; name one that does")
        means = self._means[name]
        if not isinstance(means, Tensor):
            raise UnknownLayer(
                f"layer {name!r} gives {means} without a floating-point row of channels per sample; name a layer that "
                "gives (n, channels, ...)"
            )
        return means

    def _forget(self) -> None:
        self._calls.clear()
        self._means.clear()

    def _check_finite(self, observation: Observation, arguments: Arguments) -> None:
        """One figure for all tensors, so that the device is waited for once."""
        total = observation.channels.sum()
        if observation.logits is not None:
            total = total + observation.logits.sum()
        if math.isfinite(total.item()):
            return
        tensors = {f"the output of {name!r}": values for name, values in observation.activations.items()}
        tensors |= {f"the input of {self.head!r}": observation.embedding}
        tensors |= {} if observation.logits is None else {"the output": observation.logits}
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
        self._forget()
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


def _wide(values: Tensor) -> Tensor:
    return values.to(torch.promote_types(values.dtype, torch.float32))


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
