"""How well the timing probe tells what a step of training takes: the study's variants, probe beside training."""

import numpy as np
import torch

from modelreuse.worker.probe import step_cost
from study import bases
from study.datasets import Part, data_set
from study.learning import be_deterministic, learn
from study.seeds import torch_random
from study.variants import VARIANTS

DATA_SETS = ("mnist", "watch")
STEPS = 200


def errors() -> dict[str, float]:
    """Relative error of the probed seconds per step, by data set and variant; both in this process, one thread."""
    be_deterministic()
    found = {}
    for name in DATA_SETS:
        data = data_set(name)
        new = data.parts[Part.NEW]
        few = new.at(np.arange(16))
        for variant in VARIANTS.values():
            model = bases.fresh(variant, data, "probe")
            inputs = (new.inputs[: variant.recipe.batch],)
            probed = step_cost(model, inputs, data.source.classes, torch.device("cpu")).seconds
            curve = learn(
                model,
                variant.recipe,
                new,
                trained=(),
                random=torch_random("probe", name, variant.name),
                horizon=STEPS,
                evaluations=1,
                spacing=STEPS,
                evaluation=few,
            )
            found[f"{name} {variant.name}"] = abs(probed / curve.effort.step - 1)
    return found
