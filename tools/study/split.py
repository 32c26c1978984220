"""Which rows no development may see. Read from split.yaml, which was committed before anything was fitted."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import yaml

from study.places import SPLIT
from study.shifts import GROUPS, SHIFTS


class Placed(Protocol):
    """What decides on which side of the split a row or a setting lies."""

    @property
    def data_set(self) -> str:
        """Its data set."""

    @property
    def shift(self) -> str:
        """Its shift."""

    @property
    def seed(self) -> int:
        """Its seed."""


@dataclass(frozen=True)
class Fold:
    """One round of the development: rows of this group and seed are tested, rows that share neither are fitted on."""

    group: str
    seed: int

    def tests(self, row: Placed) -> bool:
        """Whether the row is tested in this round."""
        return SHIFTS[row.shift].group == self.group and row.seed == self.seed

    def fits(self, row: Placed) -> bool:
        """Whether the row is fitted on in this round; rows that share only the group or only the seed sit it out."""
        return SHIFTS[row.shift].group != self.group and row.seed != self.seed


@dataclass(frozen=True)
class Split:
    """groups, data_sets, seeds: held out. opened: when and why the held-out rows were looked at; None before."""

    groups: tuple[str, ...]
    data_sets: tuple[str, ...]
    seeds: tuple[int, ...]
    development_seeds: tuple[int, ...]
    opened: Mapping[str, str] | None

    def holds_out(self, row: Placed) -> bool:
        """Whether the row belongs to any held-out group, data set or seed."""
        return SHIFTS[row.shift].group in self.groups or row.data_set in self.data_sets or row.seed in self.seeds

    def folds(self) -> tuple[Fold, ...]:
        """The rounds of the development: every group and seed that is not held out, each pair once."""
        return tuple(
            Fold(group, seed) for group in GROUPS if group not in self.groups for seed in self.development_seeds
        )


def read(file: Path) -> Split:
    """The split in a file."""
    content = yaml.safe_load(file.read_text())
    held_out = content["heldOut"]
    opened = content["opened"]
    return Split(
        groups=tuple(held_out["groups"]),
        data_sets=tuple(held_out["dataSets"]),
        seeds=tuple(held_out["seeds"]),
        development_seeds=tuple(content["folds"]["seeds"]),
        opened=None if opened is None else dict(opened),
    )


@functools.cache
def frozen() -> Split:
    """The study's split."""
    return read(SPLIT)
