"""How long a training step takes on a machine that it was not timed on.

The roofline model (Williams, Waterman and Patterson 2009, doi:10.1145/1498765.1498785) with its two ceilings, computing
and moving data, both those of training as it is: the most that steps of one network reached on the machine, at several
batch sizes. Two things differ from it. Launching an operation takes time of its own, which is most of it in small
models. And the parts are added: nothing says how far they overlap, and their sum is at most three times the longest.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class TimedStep:
    """A training step: what it computes and moves, in billions, its operations, and the seconds that it took."""

    gigaflops: float
    gigabytes: float
    launches: int
    seconds: float


@dataclass(frozen=True)
class Ceilings:
    """Of what a CostProfile calls `hardware`. gigaflops, gigabytes: per second, at most; launch: seconds of one, at
    least.
    """

    hardware: str
    gigaflops: float
    gigabytes: float
    launch: float

    @classmethod
    def reached(cls, hardware: str, tiny: TimedStep, steps: Sequence[TimedStep]) -> "Ceilings":
        """By a step that does next to nothing, and by others. Raises ValueError for none, or one in no time."""
        if not steps or any(step.seconds <= 0 for step in (tiny, *steps)):
            raise ValueError("there must be steps, and each takes more than no time")
        return cls(
            hardware,
            gigaflops=max(step.gigaflops / step.seconds for step in steps),
            gigabytes=max(step.gigabytes / step.seconds for step in steps),
            launch=tiny.seconds / tiny.launches,
        )

    def of(self, count: float) -> "Ceilings":
        """Of so many such devices together, as if they shared the work without loss; each launches by itself."""
        return replace(self, gigaflops=self.gigaflops * count, gigabytes=self.gigabytes * count)

    def seconds(self, gigaflops: float, gigabytes: float, launches: float) -> float:
        """Of a step of so much."""
        return gigaflops / self.gigaflops + gigabytes / self.gigabytes + launches * self.launch
