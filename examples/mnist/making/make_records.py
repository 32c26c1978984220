"""Runs the retrainings behind records.yaml: `PYTHONPATH=operator python examples/mnist/making/make_records.py`.

Each is what the operator would have done: our worker assesses the shift, the team's train.py trains under a plan, our
worker verifies. The shifts are other ones than the demo's, on other images, so that the demo's prediction isn't made
from its own answer. Takes about ten minutes on one core; the results are committed.
"""

import contextlib
import io
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import yaml

EXAMPLE = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(EXAMPLE / "making"), str(EXAMPLE / "code")]

import pictures  # noqa: E402
import shifts  # noqa: E402

from modelreuse.api import (  # noqa: E402
    Action,
    AssessmentSummary,
    AssessmentTask,
    DataSource,
    ModelReuseCheck,
    TrainingPlan,
    TrainingResult,
    VerificationSummary,
    VerificationTask,
    decimal,
)
from modelreuse.api.names import API_VERSION, CLAIMS_ROOT_ENV, PLAN_ENV  # noqa: E402

NAMESPACE = "model-history"
_SEED = 11
_TRAINED_ON = 800
_HEAD = "head"
"""All that these fine-tunings train: most of these shifts make the whole network worth training, which is Retrain."""

SHIFTS: Mapping[str, shifts.Shift] = {
    "noise-70": shifts.noise(70),
    "noise-100": shifts.noise(100),
    "noise-120": shifts.noise(120),
    "noise-140": shifts.noise(140),
    "defocus-4": shifts.defocus(4),
    "defocus-8": shifts.defocus(8),
    "defocus-12": shifts.defocus(12),
    "stray-light-90": shifts.stray_light(90),
    "stray-light-120": shifts.stray_light(120),
    "misplaced-2-1": shifts.misplaced(2, 1),
    "misplaced-2-3": shifts.misplaced(2, 3),
    "turned-15": shifts.turned(15),
    "turned-20": shifts.turned(20),
    "dust-6": shifts.dust(6),
    "dust-8": shifts.dust(8),
    "bad-pixels-10": shifts.bad_pixels(0.10),
    "bad-pixels-15": shifts.bad_pixels(0.15),
    "bad-pixels-20": shifts.bad_pixels(0.20),
    "defocus-4-noise-40": shifts.both(shifts.defocus(4), shifts.noise(40)),
    "defocus-6-noise-60": shifts.both(shifts.defocus(6), shifts.noise(60)),
    "stray-light-90-noise-40": shifts.both(shifts.stray_light(90), shifts.noise(40)),
    "stray-light-120-noise-40": shifts.both(shifts.stray_light(120), shifts.noise(40)),
    "defocus-3-bad-pixels-12": shifts.both(shifts.defocus(3), shifts.bad_pixels(0.12)),
    "stray-light-70-bad-pixels-20": shifts.both(shifts.stray_light(70), shifts.bad_pixels(0.20)),
    "misplaced-1-1-noise-60": shifts.both(shifts.misplaced(1, 1), shifts.noise(60)),
    "turned-10-noise-80": shifts.both(shifts.turned(10), shifts.noise(80)),
}


class Desk:
    """The example's claims as folders, with another line's images in place of line 7's."""

    def __init__(self, folder: Path, check: ModelReuseCheck) -> None:
        self.folder = folder
        self.spec = check.spec
        for claim in ("models", "code", "data"):
            shutil.copytree(EXAMPLE / claim, folder / claim)
        (folder / "candidates").mkdir()
        self.data = self.spec.data.model_copy(
            update={
                "new": DataSource(uri="pvc://data/earlier.npz"),
                "evaluation": DataSource(uri="pvc://data/earlier-heldout.npz"),
            }
        )

    def see(self, seen: pictures.Images) -> None:
        """Lay out the images of one shift, in two parts that share none."""
        pictures.write(seen.slice(0, _TRAINED_ON), self.folder / "data" / "earlier.npz")
        pictures.write(seen.slice(_TRAINED_ON, len(seen.digits)), self.folder / "data" / "earlier-heldout.npz")

    def assess(self) -> AssessmentSummary:
        """What our worker says before anything is trained; without the timing probe, which records don't need."""
        from modelreuse.worker import Places
        from modelreuse.worker.assess import assess

        task = AssessmentTask(task="record", model=self.spec.models[0], data=self.data, probe_batch_size=None)
        return assess(task, Places(claims_root=self.folder)).summary

    def train(self, action: Action, layers: list[str], target: Decimal, number: int) -> TrainingResult:
        """What the team's own code does with an approved plan."""
        import train

        from modelreuse import training

        assert self.spec.retraining is not None
        plan = TrainingPlan(
            action=action,
            model=self.spec.models[0],
            data=self.data,
            layers=layers,
            max_steps=self.spec.retraining.max_steps,
            target=target,
            digest=f"sha256:{number:064x}",
            output=self.spec.retraining.output,
        )
        environment = {PLAN_ENV: plan.model_dump_json(by_alias=True), CLAIMS_ROOT_ENV: str(self.folder)}
        with training.start(environment, termination_log=self.folder / "termination-log") as run:
            return train.adapt(run)

    def verify(self, result: TrainingResult) -> VerificationSummary:
        """What our worker measures of the old and the new model on held-out images."""
        from modelreuse.worker import Places
        from modelreuse.worker.verify import verify

        old = self.spec.models[0]
        task = VerificationTask(
            task="record",
            old=old,
            new=old.model_copy(update={"name": "candidate", "uri": result.artifact_uri}),
            artifact_sha256=result.artifact_sha256,
            data=self.data,
        )
        return verify(task, Places(claims_root=self.folder))


def records() -> Iterator[dict[str, Any]]:
    """One RetrainingRecord per shift and action, each after its retraining was run."""
    check = ModelReuseCheck.parse(yaml.safe_load((EXAMPLE / "check.yaml").read_text()))
    assert check.spec.objective.target is not None
    assert check.spec.objective.target.relative is not None
    earlier = pictures.divided()["earlier"]
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder), check)
        for number, (name, shift) in enumerate(SHIFTS.items()):
            desk.see(earlier.with_pixels(shift(earlier.pixels, np.random.default_rng([_SEED, number]))))
            summary = desk.assess()
            known = {score.name: score.value for score in summary.scores}
            target = decimal(check.spec.objective.target.relative * known["initial_accuracy_reference"])
            for action, layers in ((Action.FINE_TUNE, [_HEAD]), (Action.RETRAIN, [])):
                with contextlib.redirect_stdout(io.StringIO()):
                    result = desk.train(action, layers, target, number)
                print(f"{name}: {action}, {result.steps} steps, target reached: {result.target_reached}", flush=True)
                yield _record(f"{name}-{action.lower()}", check, action, target, summary, result, desk.verify(result))


def _record(
    name: str,
    check: ModelReuseCheck,
    action: Action,
    target: Decimal,
    summary: AssessmentSummary,
    result: TrainingResult,
    verified: VerificationSummary,
) -> dict[str, Any]:
    assert check.spec.retraining is not None
    spec = {
        "source": "Imported",
        "action": str(action),
        "model": check.spec.models[0].name,
        "recipe": check.spec.retraining.recipe,
        "maxSteps": check.spec.retraining.max_steps,
        "target": str(target),
        "scores": [score.to_wire() for score in summary.scores],
    }
    told, seen = result.to_wire(), verified.to_wire()
    outcome = {
        "finishedAt": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "result": "Succeeded",
        "steps": result.steps,
        "targetReached": result.target_reached,
        "energyWh": told["energyWh"],
        "energyBasis": told["energyBasis"],
        "oldQuality": seen["oldQuality"],
        "newQuality": seen["newQuality"],
    }
    metadata = {"name": name, "namespace": NAMESPACE}
    return {
        "apiVersion": API_VERSION,
        "kind": "RetrainingRecord",
        "metadata": metadata,
        "spec": spec,
        "outcome": outcome,
    }


def main() -> None:
    """Write records.yaml."""
    import torch

    torch.set_num_threads(1)
    made = list(records())
    comment = "# Earlier retrainings of this recipe that were really run, by making/make_records.py.\n"
    text = yaml.safe_dump_all(made, sort_keys=False, default_flow_style=None, width=200)
    (EXAMPLE / "records.yaml").write_text(comment + text)
    print(
        f"{len(made)} records, {sum(record['outcome']['targetReached'] for record in made)} of them reached the target"
    )


if __name__ == "__main__":
    main()
