"""The 18 shifts, by group: 14 mechanisms that change inputs, two label shifts, two new tasks.

A mechanism turns inputs into inputs and leaves labels alone; a label shift changes how often classes occur; a new task
changes what the classes are. Severities 0 to 3 have a strength each, per kind of input. The strengths were set with a
pilot whose seed is not in the study; see docs/study.md.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from torch import Generator, Tensor

from study import images, series
from study.datasets import Kind

Mechanism = Callable[[Tensor, float, Generator], Tensor]
Strengths = tuple[float, float, float, float]
SEVERITIES: Final = 4

NOISE, BLUR, GEOMETRY = "noise", "blur", "geometry"
PHOTOMETRIC, OCCLUSION, SENSOR = "photometric", "occlusion", "sensor"
LABEL_SHIFT, NEW_TASK = "label-shift", "new-task"
MECHANISM_GROUPS: Final = (NOISE, BLUR, GEOMETRY, PHOTOMETRIC, OCCLUSION, SENSOR)
GROUPS: Final = (*MECHANISM_GROUPS, LABEL_SHIFT, NEW_TASK)


@dataclass(frozen=True)
class Shift:
    """One shift. strengths: per kind of input, by severity. mechanisms: per kind, empty where inputs stay.

    fixed: whether its randomness is drawn once for all samples (a direction, dead columns) and not for each of them.
    """

    name: str
    group: str
    strengths: Mapping[Kind, Strengths]
    mechanisms: Mapping[Kind, Mechanism]
    fixed: bool = False

    def strength(self, kind: Kind, severity: int) -> float:
        """What the severity means for inputs of this kind."""
        return self.strengths[kind][severity]

    def applied(self, inputs: Tensor, kind: Kind, severity: int, random: Generator) -> Tensor:
        """The inputs as they look after the shift; themselves where it leaves inputs alone."""
        mechanism = self.mechanisms.get(kind)
        return inputs if mechanism is None else mechanism(inputs, self.strength(kind, severity), random)


def _mechanism(
    group: str, image: Mechanism, pictures: Strengths, window: Mechanism, movements: Strengths, *, fixed: bool = False
) -> Shift:
    return Shift(
        image.__name__,
        group,
        MappingProxyType({Kind.IMAGE: pictures, Kind.SERIES: movements}),
        MappingProxyType({Kind.IMAGE: image, Kind.SERIES: window}),
        fixed,
    )


def _population(name: str, group: str, strengths: Strengths) -> Shift:
    return Shift(name, group, MappingProxyType(dict.fromkeys(Kind, strengths)), MappingProxyType({}))


LONG_TAIL, MISSING_CLASSES = "long-tail", "missing-classes"
NEW_CLASSES, PERMUTED_LABELS = "new-classes", "permuted-labels"

SHIFTS: Final[Mapping[str, Shift]] = MappingProxyType(
    {
        shift.name: shift
        for shift in (
            _mechanism(NOISE, images.gaussian, (0.1, 0.2, 0.35, 0.6), series.gaussian, (0.2, 0.4, 0.8, 1.5)),
            _mechanism(NOISE, images.impulse, (0.03, 0.08, 0.15, 0.28), series.impulse, (0.01, 0.03, 0.08, 0.2)),
            _mechanism(NOISE, images.speckle, (0.4, 0.8, 1.5, 3.0), series.speckle, (0.5, 1.0, 2.0, 3.0)),
            _mechanism(GEOMETRY, images.rotation, (20, 35, 55, 90), series.rotation, (20, 45, 80, 140), fixed=True),
            _mechanism(BLUR, images.defocus, (0.04, 0.06, 0.08, 0.11), series.defocus, (0.1, 0.25, 0.5, 2.0)),
            _mechanism(BLUR, images.pixelate, (0.7, 0.5, 0.37, 0.25), series.pixelate, (0.25, 0.06, 0.03, 0.015)),
            _mechanism(
                GEOMETRY,
                images.translation,
                (0.06, 0.12, 0.18, 0.25),
                series.translation,
                (0.1, 0.25, 0.5, 0.7),
                fixed=True,
            ),
            _mechanism(GEOMETRY, images.scaling, (0.85, 0.72, 0.6, 0.45), series.scaling, (0.75, 0.5, 0.3, 0.15)),
            _mechanism(
                PHOTOMETRIC, images.contrast, (0.3, 0.5, 0.7, 0.85), series.contrast, (0.3, 0.5, 0.7, 0.85), fixed=True
            ),
            _mechanism(PHOTOMETRIC, images.inversion, (0.25, 0.4, 0.65, 1.0), series.inversion, (0.3, 0.45, 0.65, 1.0)),
            _mechanism(OCCLUSION, images.patch, (0.15, 0.25, 0.38, 0.5), series.patch, (0.15, 0.3, 0.45, 0.6)),
            _mechanism(OCCLUSION, images.stripes, (0.1, 0.2, 0.35, 0.5), series.stripes, (0.1, 0.2, 0.35, 0.5)),
            _mechanism(SENSOR, images.dead, (0.1, 0.2, 0.35, 0.5), series.dead, (0.17, 0.34, 0.5, 0.67), fixed=True),
            _mechanism(SENSOR, images.drift, (0.5, 0.9, 1.4, 2.0), series.drift, (0.5, 1.0, 1.6, 2.5)),
            # How often a class occurs over how often the next frequent one does.
            _population(LONG_TAIL, LABEL_SHIFT, (0.9, 0.8, 0.7, 0.6)),
            # Shares of the classes that occur no more, that are new, that change their names.
            _population(MISSING_CLASSES, LABEL_SHIFT, (0.2, 0.4, 0.6, 0.7)),
            _population(NEW_CLASSES, NEW_TASK, (0.1, 0.2, 0.4, 0.6)),
            _population(PERMUTED_LABELS, NEW_TASK, (0.2, 0.4, 0.7, 1.0)),
        )
    }
)
"""In the order that the design uses: two and two belong together."""
