"""Ways to write down which layers are worth training, for messages and statuses that hold only so much.

Which layers those are is decided in `scores.fine_tuning`, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from modelreuse.scores import Layer, TrainedSuffix, worth_training


def spellings(suffix: TrainedSuffix, table: Sequence[Layer]) -> Iterator[TrainedSuffix]:
    """Ways to write the suffix down, longest first: every layer; whole blocks by their own name; the head alone.

    table: all layers with parameters, from input to head. All but the last mean the same layers. The last is for names
    so long that nothing else fits a message. None for a model that is its own and only layer: it has no name to give.
    """
    if not all(suffix.names):
        return
    yield suffix
    yield replace(suffix, names=_blocks(suffix.names, table))
    yield worth_training((), table, suffix.names[-1])


def _blocks(names: Sequence[str], table: Sequence[Layer]) -> tuple[str, ...]:
    """The names with every module whose layers are all among them in place of those layers."""
    outside = {layer.name for layer in table} - set(names)
    blocks: list[str] = []
    for name in names:
        parts = name.split(".")
        parents = (".".join(parts[:depth]) for depth in range(1, len(parts)))
        whole = next((p for p in parents if not any(o == p or o.startswith(f"{p}.") for o in outside)), name)
        if whole not in blocks:
            blocks.append(whole)
    return tuple(blocks)
