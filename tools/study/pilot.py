"""A slice with a seed of its own, to set severities, targets and the cap before the study; its rows are no records."""

from dataclasses import replace
from typing import Final

from study.grid import Setting, main_design
from study.seeds import numpy_random
from study.split import Split

SEED: Final = 9
NO_SPLIT: Final = Split(groups=(), data_sets=(), seeds=(), development_seeds=(SEED,), opened=None)


def settings(count: int) -> list[Setting]:
    """That many settings of the main design, chosen by lot, with the pilot's seed."""
    order = numpy_random("pilot").permutation(len(main_design()))
    chosen = dict.fromkeys(replace(main_design()[index], seed=SEED) for index in order)
    return list(chosen)[:count]
