"""The team's training code does what an approved plan says, no more."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch
from safetensors.torch import load_file

from modelreuse import training
from modelreuse.api import Action, DataSource, DataSources, ModelSource, TrainingPlan, TrainingResult
from modelreuse.api.names import CLAIMS_ROOT_ENV, PLAN_ENV

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "mnist"
_OURS = ("train", "vision", "vision.data", "vision.net")


@pytest.fixture
def train(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """train.py, imported as the trainer's pod does; gone afterwards."""
    monkeypatch.setattr(sys, "path", [str(EXAMPLE / "code"), *sys.path])
    yield importlib.import_module("train")
    for name in _OURS:
        sys.modules.pop(name, None)


class Desk:
    """The claims as folders; `adapt` runs a plan on them."""

    def __init__(self, train: ModuleType, folder: Path) -> None:
        self.train = train
        self.folder = folder
        for claim in ("data", "models"):
            (folder / claim).symlink_to(EXAMPLE / claim)
        (folder / "candidates").mkdir()

    def adapt(
        self, action: Action, *, layers: list[str], target: str, max_steps: int, **pilot: object
    ) -> TrainingResult:
        plan = TrainingPlan.model_validate(
            {
                "action": action,
                "model": ModelSource(
                    name="current", uri="pvc://models/current.safetensors", factory="vision.net:build"
                ),
                "data": DataSources(
                    reference=DataSource(uri="pvc://data/reference.npz"), new=DataSource(uri="pvc://data/line7.npz")
                ),
                "layers": layers,
                "max_steps": max_steps,
                "target": target,
                "digest": "sha256:" + "ab" * 32,
                "output": "pvc://candidates",
            }
            | pilot
        )
        environment = {PLAN_ENV: plan.model_dump_json(by_alias=True), CLAIMS_ROOT_ENV: str(self.folder)}
        with training.start(environment, termination_log=self.folder / "log") as run:
            result: TrainingResult = self.train.adapt(run)
        return result

    def changed_layers(self, result: TrainingResult) -> set[str]:
        before = load_file(EXAMPLE / "models" / "current.safetensors")
        after = load_file(self.folder / result.artifact_uri.removeprefix("pvc://"))
        return {name.partition(".")[0] for name in before if not torch.equal(before[name], after[name])}


@pytest.fixture
def desk(train: ModuleType, tmp_path: Path) -> Desk:
    return Desk(train, tmp_path)


def test_fine_tuning_changes_the_named_layers_only(desk: Desk) -> None:
    result = desk.adapt(Action.FINE_TUNE, layers=["head"], target="0.99", max_steps=3)
    assert desk.changed_layers(result) == {"head"}


def test_retraining_changes_everything(desk: Desk) -> None:
    result = desk.adapt(Action.RETRAIN, layers=[], target="0.99", max_steps=3)
    assert desk.changed_layers(result) == {"conv1", "conv2", "conv3", "head"}


def test_it_stops_after_the_plan_s_steps_and_admits_that_the_target_is_not_reached(desk: Desk) -> None:
    result = desk.adapt(Action.FINE_TUNE, layers=["head"], target="0.99", max_steps=12)
    assert (result.steps, result.samples, result.target_reached) == (12, 12 * 64, False)


def test_it_stops_when_three_checks_in_a_row_reach_the_target(desk: Desk) -> None:
    result = desk.adapt(Action.RETRAIN, layers=[], target="0.1", max_steps=500)
    assert (result.steps, result.target_reached) == (30, True)


def test_the_same_plan_gives_the_same_weights(desk: Desk) -> None:
    first = desk.adapt(Action.FINE_TUNE, layers=["head"], target="0.99", max_steps=3)
    second = desk.adapt(Action.FINE_TUNE, layers=["head"], target="0.99", max_steps=3)
    assert first.artifact_sha256 == second.artifact_sha256


def test_from_scratch_begins_with_other_weights(desk: Desk) -> None:
    result = desk.adapt(Action.TRAIN_FROM_SCRATCH, layers=[], target="0.99", max_steps=1)
    assert desk.changed_layers(result) == {"conv1", "conv2", "conv3", "head"}


def test_the_margin_is_one_standard_error(train: ModuleType) -> None:
    assert train._with_margin(0.9, 100) == pytest.approx(0.93)
    assert train._with_margin(1.0, 100) == 1.0


def test_a_pilot_tells_what_it_saw_and_stops(desk: Desk) -> None:
    result = desk.adapt(
        Action.FINE_TUNE, layers=["head"], target="0.99", max_steps=500, pilot_steps=12, evaluate_at=[10]
    )
    assert (result.steps, result.target_reached) == (12, False)
    assert 10 in [each.step for each in result.evaluations]


def test_a_pilot_begins_as_the_training_would(desk: Desk) -> None:
    pilot = desk.adapt(Action.RETRAIN, layers=[], target="0.99", max_steps=500, pilot_steps=10, evaluate_at=[10])
    alike = desk.adapt(Action.RETRAIN, layers=[], target="0.99", max_steps=10)
    assert pilot.artifact_sha256 == alike.artifact_sha256
