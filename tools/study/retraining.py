"""One run: a setting, adapted in one way, and the row that it leaves."""

import copy
import hashlib
import json
from dataclasses import asdict

from torch import nn

from study import bases
from study.datasets import SOURCES
from study.grid import Arm, Setting
from study.learning import Curve, learn
from study.outcome import attainable, steps_to
from study.protocol import BASE_STEPS, CAP, EVALUATIONS, PILOT_STEPS, SPACING, VERSION, audit_size
from study.row import Row
from study.scene import Scene
from study.seeds import torch_random
from study.shifts import SHIFTS
from study.variants import VARIANTS


def definition(setting: Setting, arm: Arm) -> str:
    """8 hexadecimal digits of all parameters that decide the run; a row with other digits is stale."""
    source, variant, shift = SOURCES[setting.data_set], VARIANTS[setting.variant], SHIFTS[setting.shift]
    parts = {
        "protocol": [VERSION, CAP, SPACING, BASE_STEPS, audit_size(source.new[setting.sample_level])],
        "data": [dict(source.sizes), source.new],
        "variant": asdict(variant),
        "shift": [shift.name, shift.fixed, shift.strength(source.kind, setting.severity)],
        "setting": asdict(setting),
        "arm": arm,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:8]


def retrained(scene: Scene, arm: Arm) -> Row:
    """Adapt a copy of the scene's model in this way, to the cap whatever happens before, and say what came out."""
    setting, variant = scene.setting, scene.variant
    model = _start(scene, arm)
    suffix = variant.suffix if arm is Arm.FINE_TUNE else ()
    curve = learn(
        model,
        variant.recipe,
        scene.new,
        trained=suffix,
        random=torch_random("batches", setting.run(arm)),
        horizon=CAP,
        evaluations=EVALUATIONS,
        spacing=SPACING,
        evaluation=scene.evaluation,
    )
    return _row(scene, arm, model, curve)


def _start(scene: Scene, arm: Arm) -> nn.Module:
    if arm is Arm.FROM_SCRATCH:
        return bases.fresh(scene.variant, scene.data, "scratch", scene.setting.run(arm))
    return copy.deepcopy(scene.model)


def _row(scene: Scene, arm: Arm, model: nn.Module, curve: Curve) -> Row:
    setting, samples = scene.setting, len(scene.evaluation)
    steps = steps_to(curve.correct, samples, scene.target, SPACING)
    first, second = (step // SPACING for step in PILOT_STEPS)
    return Row(
        data_set=setting.data_set,
        variant=setting.variant,
        shift=setting.shift,
        severity=setting.severity,
        seed=setting.seed,
        repeat=setting.repeat,
        arm=arm,
        definition=definition(setting, arm),
        target_share=setting.target,
        samples=len(scene.new),
        audit=scene.audit,
        evaluation_samples=samples,
        recipe=scene.variant.recipe.hash,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        trained_parameters=sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad),
        reference_quality=scene.reference_quality,
        target=scene.target,
        initial_quality=curve.correct[0] / samples,
        steps_low=steps.low,
        steps_high=steps.high,
        attainable_quality=attainable(curve.correct) / samples,
        final_quality=sum(curve.correct[-3:]) / 3 / samples,
        quality_10=curve.correct[first] / samples,
        quality_25=curve.correct[second] / samples,
        loss_0=curve.losses[0],
        loss_10=curve.losses[first],
        loss_25=curve.losses[second],
        step_seconds=curve.effort.step,
        step_cpu_seconds=curve.effort.step_cpu,
        backward_share=curve.effort.backward_share,
        evaluation_cpu_seconds=curve.effort.evaluation,
        correct=curve.correct,
    )
