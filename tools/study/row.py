"""One retraining as a line of CSV."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from study.grid import Arm
from study.outcome import Steps, steps_to
from study.protocol import SPACING
from study.shifts import SHIFTS

DIGITS: Final = 6
"""Significant digits of figures that are not whole."""


@dataclass(frozen=True)
class Row:
    """What a retraining started from and how it went.

    definition: digits of all parameters that decide it. target_share: of the reference quality. samples: n that it
    learnt from; audit: those of them with labels at the assessment. recipe: hash. Qualities are accuracies in [0, 1],
    on `evaluation_samples` shifted samples, but for reference_quality: the untouched model on held-out data without
    shift. steps_low < steps to target <= steps_high (both 0: met from the start); steps_high None: not met within
    steps_low, the cap. attainable_quality: the most that three evaluations in a row kept. final_quality: mean of the
    last three. quality_10, loss_10: after ten steps; losses are mean cross-entropies in nats. step_seconds,
    step_cpu_seconds, evaluation_cpu_seconds: medians of one step and of one pass over the evaluation set, measured, so
    they differ from run to run, as does backward_share. correct: right answers at steps 0, 5, 10, ...
    """

    data_set: str
    variant: str
    shift: str
    severity: int
    seed: int
    repeat: int
    arm: Arm
    definition: str
    target_share: float
    samples: int
    audit: int
    evaluation_samples: int
    recipe: str
    parameters: int
    trained_parameters: int
    reference_quality: float
    target: float
    initial_quality: float
    steps_low: int
    steps_high: int | None
    attainable_quality: float
    final_quality: float
    quality_10: float
    quality_25: float
    loss_0: float
    loss_10: float
    loss_25: float
    step_seconds: float
    step_cpu_seconds: float
    backward_share: float
    evaluation_cpu_seconds: float
    correct: tuple[int, ...]

    @property
    def setting(self) -> str:
        """The setting's name, shared by the three arms and by both times that a repeated one was run."""
        return f"{self.data_set}/{self.variant}/{self.shift}/{self.severity}/{self.seed}"

    @property
    def name(self) -> str:
        """Unique among rows."""
        return f"{self.setting}/{self.arm}/{self.repeat}"

    @property
    def group(self) -> str:
        """The shift's group."""
        return SHIFTS[self.shift].group

    @property
    def trained_share(self) -> float:
        """Of the parameters, how many the arm trains, in (0, 1]."""
        return self.trained_parameters / self.parameters

    @property
    def reached(self) -> bool:
        """Whether the target was met within the cap."""
        return self.steps_high is not None

    def steps_to(self, target: float) -> Steps:
        """Steps to another target than the row's own, an absolute accuracy, from the same curve."""
        return steps_to(self.correct, self.evaluation_samples, target, SPACING)

    def to_cells(self) -> dict[str, str]:
        """As it stands in the file."""
        return {field.name: _cell(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_cells(cls, cells: Mapping[str, str]) -> "Row":
        """From a line of the file. Raises ValueError where a cell is missing or does not hold its kind of figure."""
        try:
            return cls(**{field.name: _READ[field.type](cells[field.name]) for field in fields(cls)})
        except (KeyError, ValueError, TypeError) as error:
            raise ValueError(f"no record: {error!r} in {dict(cells)}") from error


COLUMNS: Final = tuple(field.name for field in fields(Row))


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case float():
            return f"{value:.{DIGITS}g}"
        case tuple():
            return " ".join(map(str, value))
        case _:
            return str(value)


_READ: Final[dict[object, Callable[[str], Any]]] = {
    str: str,
    int: int,
    float: float,
    int | None: lambda cell: int(cell) if cell else None,
    tuple[int, ...]: lambda cell: tuple(map(int, cell.split())),
    Arm: Arm,
}
