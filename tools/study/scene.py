"""A setting made real: the model to be reused, and all data that its assessment and its retraining see."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from study import bases
from study.datasets import DataSet, Part, Samples, data_set
from study.grid import Setting
from study.learning import right_answers
from study.populations import Population, drawn, population
from study.protocol import audit_size
from study.seeds import numpy_random, torch_random
from study.shifts import SHIFTS, Shift
from study.variants import VARIANTS, Variant


@dataclass(frozen=True, eq=False)
class Scene:
    """model: before any adaptation; copy it before training.

    reference: held out and not shifted, of the classes that the model knows. new: shifted; the first `audit` of them
    have labels before anything is decided. evaluation: shifted, decides. reference_quality: accuracy on `reference`.
    """

    setting: Setting
    variant: Variant
    data: DataSet
    model: nn.Module
    reference: Samples
    new: Samples
    evaluation: Samples
    reference_quality: float

    @property
    def audit(self) -> int:
        """How many of the new samples, from the first on, have labels when they are assessed."""
        return audit_size(len(self.new))

    @property
    def target(self) -> float:
        """The accuracy to be reached, absolute, six digits."""
        return round(self.setting.target * self.reference_quality, 6)


def scene(setting: Setting) -> Scene:
    """All that the setting names; the same each time."""
    variant, data, shift = VARIANTS[setting.variant], data_set(setting.data_set), SHIFTS[setting.shift]
    source = data.source
    strength = shift.strength(source.kind, setting.severity)
    classes = population(shift, strength, source.name, source.classes, setting.seed)
    model = bases.trained(variant, data, setting.seed, classes.known)
    reference = bases.of_classes(data.parts[Part.REFERENCE], classes.known)
    return Scene(
        setting,
        variant,
        data,
        model,
        reference,
        new=_seen(setting, data, shift, classes, Part.NEW, source.new[setting.sample_level]),
        evaluation=_seen(setting, data, shift, classes, Part.EVALUATION, source.sizes[Part.EVALUATION]),
        reference_quality=right_answers(model, reference) / len(reference),
    )


def _seen(setting: Setting, data: DataSet, shift: Shift, classes: Population, part: Part, wanted: int) -> Samples:
    """Samples of the part as the shift shows them, at most `wanted`.

    What the shift fixes for all samples (a direction, dead columns) is the same in both parts; noise is not.
    """
    key = (data.source.name, setting.seed, part)
    whole = data.parts[part]
    positions = drawn(whole.labels.numpy(), classes.frequencies, wanted, numpy_random("samples", *key))
    samples = whole.at(positions)
    inputs = _shifted(samples, shift, data, setting, part)
    return Samples(inputs, torch.from_numpy(_named(samples.labels.numpy(), classes)))


def _shifted(samples: Samples, shift: Shift, data: DataSet, setting: Setting, part: Part) -> torch.Tensor:
    random = torch_random("shift", data.source.name, setting.shift, setting.seed)
    if not shift.fixed:
        random = torch_random("shift", data.source.name, setting.shift, setting.severity, setting.seed, part)
    return shift.applied(samples.inputs, data.source.kind, setting.severity, random)


def _named(labels: NDArray[np.int64], classes: Population) -> NDArray[np.int64]:
    return classes.names[labels]
