"""Rows made by hand."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from study.grid import Arm, Setting
from study.retraining import definition
from study.row import Row
from study.split import Split

SPLIT = Split(groups=("blur",), data_sets=("digits",), seeds=(1,), development_seeds=(0, 2), opened=None)

ROW = Row(
    data_set="mnist",
    variant="cnn.adam",
    shift="gaussian",
    severity=2,
    seed=0,
    repeat=0,
    arm=Arm.RETRAIN,
    definition="01234567",
    target_share=0.9,
    samples=500,
    audit=167,
    evaluation_samples=100,
    recipe="0123456789ab",
    parameters=1000,
    trained_parameters=1000,
    reference_quality=0.95,
    target=0.855,
    initial_quality=0.5,
    steps_low=10,
    steps_high=15,
    attainable_quality=0.9,
    final_quality=0.89,
    quality_10=0.7,
    quality_25=0.86,
    loss_0=2.0,
    loss_10=1.0,
    loss_25=0.5,
    step_seconds=0.001,
    step_cpu_seconds=0.001,
    backward_share=0.5,
    evaluation_cpu_seconds=0.01,
    correct=(50, 60, 70, 86, 87, 88, 90, 90),
)


def row_of(setting: Setting, arm: Arm) -> Row:
    """What a retraining of this setting might have left."""
    return replace(
        ROW,
        data_set=setting.data_set,
        variant=setting.variant,
        shift=setting.shift,
        severity=setting.severity,
        seed=setting.seed,
        repeat=setting.repeat,
        arm=arm,
        definition=definition(setting, arm),
    )


def pretended(setting: Setting, arms: Sequence[Arm]) -> Iterator[Row]:
    """Retrainings that take no time."""
    for arm in arms:
        yield row_of(setting, arm)
