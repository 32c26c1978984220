"""Which layers a fine-tuning would train, by one simple rule.

The rule: the head, and layers before it, backwards, until they hold a tenth of the model's parameters. It is a
starting point that anyone can check by hand, not an optimum.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a summary is written also where torch could not be loaded
    from modelreuse.scores import Layer

TENTH = 10
"""The suffix holds at least one part of this many."""


@dataclass(frozen=True)
class Suffix:
    """Names of the layers to train, and the share of all parameters in them, in [0, 1]."""

    names: tuple[str, ...]
    share: float


def trained_suffix(table: Sequence[Layer], head: str) -> list[Layer]:
    """The smallest run of layers that ends with the head and holds at least a tenth of the parameters.

    table: all layers with parameters, from input to head; what follows the head doesn't count. Just the head where it
    is large enough; everything up to the head where nothing less is; empty where the head has no parameters of its own.
    """
    position = next((index for index, layer in enumerate(table) if layer.name == head), None)
    if position is None:
        return []
    total = sum(layer.parameters for layer in table)
    chosen: list[Layer] = []
    for layer in reversed(table[: position + 1]):
        chosen.insert(0, layer)
        if TENTH * sum(each.parameters for each in chosen) >= total:
            break
    return chosen


def spellings(suffix: Sequence[Layer], table: Sequence[Layer]) -> Iterator[Suffix]:
    """Ways to write the suffix down, longest first: every layer; whole blocks by their own name; the head alone.

    All but the last mean the same layers. The last is for names so long that nothing else fits a message.
    """
    if not suffix or any(not layer.name for layer in suffix):
        return
    share = min(1.0, sum(layer.share for layer in suffix))
    yield Suffix(tuple(layer.name for layer in suffix), share)
    yield Suffix(_blocks(suffix, table), share)
    yield Suffix((suffix[-1].name,), min(1.0, suffix[-1].share))


def _blocks(suffix: Sequence[Layer], table: Sequence[Layer]) -> tuple[str, ...]:
    """The names with every module whose layers are all in the suffix in place of those layers."""
    inside = {layer.name for layer in suffix}
    outside = {layer.name for layer in table} - inside
    names: list[str] = []
    for layer in suffix:
        parts = layer.name.split(".")
        parents = (".".join(parts[:depth]) for depth in range(1, len(parts)))
        whole = next((p for p in parents if not any(o == p or o.startswith(f"{p}.") for o in outside)), layer.name)
        if whole not in names:
            names.append(whole)
    return tuple(names)
