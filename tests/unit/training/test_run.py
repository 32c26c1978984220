"""The training contract from the trainer's side."""

import hashlib
import json
import subprocess
import sys

import pytest

from modelreuse import training
from modelreuse.api import TrainingPlan, TrainingResult, parse_message

PLAN = {
    "action": "FineTune",
    "model": {"name": "current", "uri": "pvc://models/m.pt2"},
    "data": {"reference": {"uri": "pvc://data/r.npz"}, "new": {"uri": "pvc://data/n.npz"}},
    "layers": ["head"],
    "maxSteps": 3,
    "target": "0.9",
    "digest": "sha256:" + "a" * 64,
    "output": "pvc://models/candidates",
}


@pytest.fixture
def start(tmp_path):
    (tmp_path / "pvc/models/candidates").mkdir(parents=True)

    def make(plan=PLAN):
        environment = {"MODELREUSE_PLAN": json.dumps(plan), "MODELREUSE_PVC_ROOT": str(tmp_path / "pvc")}
        return training.start(environment, termination_log=tmp_path / "log")

    return make


@pytest.fixture
def artifact(tmp_path):
    path = tmp_path / "pvc/models/candidates/new.pt2"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"weights")
    return path


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


def test_the_plan_is_the_operators(start):
    with pytest.raises(training.TrainingError), start() as run:
        assert run.plan == TrainingPlan.model_validate(PLAN)


def test_the_result_counts_steps_and_names_the_artefact(start, artifact, log):
    run = start()
    run.step(64)
    run.step(32)
    run.finish(artifact, target_reached=True)

    result = parse_message(TrainingResult, log.read_text())
    assert (result.steps, result.samples, result.target_reached) == (2, 96, True)
    assert result.digest == PLAN["digest"]
    assert result.artifact_uri == "pvc://models/candidates/new.pt2"
    assert result.artifact_sha256 == "sha256:" + hashlib.sha256(b"weights").hexdigest()


def test_time_and_energy_are_measured_with_their_basis(start, artifact):
    result = start().finish(artifact, target_reached=False)

    assert result.seconds > 0
    assert result.energy_wh >= 0
    assert result.energy_basis in {"Measured", "Estimated", "Assumed"}


def test_claims_are_folders(start, tmp_path):
    assert start().resolve("pvc://data/n.npz") == tmp_path / "pvc/data/n.npz"


@pytest.mark.parametrize("uri", ["s4://b/x", "pvc://data/../x", "x", "pvc:///x", "file://relative"])
def test_what_names_no_place_is_refused(start, uri):
    with pytest.raises(training.TrainingError):
        start().resolve(uri)


def test_a_step_beyond_the_plan_is_refused(start):
    run = start()
    for _ in range(3):
        run.step(1)

    assert run.steps_left == 0
    with pytest.raises(training.TrainingError, match="allows 3 steps"):
        run.step(1)


@pytest.mark.parametrize("samples", [0, -1, 1.5, True, float("nan"), "8", None])
def test_a_step_needs_a_number_of_samples(start, samples):
    with pytest.raises(training.TrainingError, match="number of samples"):
        start().step(samples)


@pytest.mark.parametrize("reached", [None, 1, 0.95, float("nan"), "yes"])
def test_whether_the_target_was_reached_is_yes_or_no(start, artifact, log, reached):
    with pytest.raises(training.TrainingError, match="give True or False"):
        start().finish(artifact, target_reached=reached)

    assert not log.exists()


def test_how_often_the_training_looked_is_told(start, artifact, log):
    start().finish(artifact, target_reached=True, evaluated_every=25)
    assert parse_message(TrainingResult, log.read_text()).evaluated_every == 25


@pytest.mark.parametrize("every", [0, -5, 2.5, True, "10"])
def test_how_often_it_looked_is_a_number_of_steps(start, artifact, log, every):
    with pytest.raises(training.TrainingError, match="whole number of steps"):
        start().finish(artifact, target_reached=True, evaluated_every=every)

    assert not log.exists()


def test_an_artefact_elsewhere_is_refused(start, tmp_path, log):
    (tmp_path / "new.pt2").write_bytes(b"weights")

    with pytest.raises(training.TrainingError, match="outside the plan's output"):
        start().finish(tmp_path / "new.pt2", target_reached=True)

    assert not log.exists()


def test_a_link_to_an_artefact_elsewhere_is_refused(start, tmp_path, artifact):
    artifact.unlink()
    (tmp_path / "new.pt2").write_bytes(b"weights")
    artifact.symlink_to(tmp_path / "new.pt2")

    with pytest.raises(training.TrainingError, match="outside the plan's output"):
        start().finish(artifact, target_reached=True)


def test_a_missing_artefact_is_refused(start, artifact, log):
    artifact.unlink()

    with pytest.raises(training.TrainingError, match="write it first"):
        start().finish(artifact, target_reached=True)

    assert not log.exists()


def test_an_empty_artefact_is_refused(start, artifact):
    artifact.write_bytes(b"")

    with pytest.raises(training.TrainingError, match="is empty"):
        start().finish(artifact, target_reached=True)


def test_a_training_has_one_result(start, artifact):
    run = start()
    run.finish(artifact, target_reached=True)

    with pytest.raises(training.TrainingError, match="twice"):
        run.finish(artifact, target_reached=True)


def test_a_crash_writes_nothing_and_is_not_hidden(start, log):
    with pytest.raises(ZeroDivisionError), start() as run:
        run.step(1 // 0)

    assert not log.exists()


def test_a_block_that_forgets_to_finish_is_told(start, log):
    with pytest.raises(training.TrainingError, match="without a result"), start():
        pass

    assert not log.exists()


def test_a_block_that_finishes_is_done(start, artifact, log):
    with start() as run:
        run.finish(artifact, target_reached=True)

    assert log.exists()


def test_without_a_plan_the_error_says_where_it_comes_from():
    with pytest.raises(training.TrainingError, match="MODELREUSE_PLAN is not set: the operator sets it"):
        training.start({})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"maxSteps": 0}, "maxSteps"),
        ({"target": "NaN"}, "target"),
        ({"surprise": 1}, "surprise"),
        ({"digest": ""}, "digest"),
    ],
)
def test_a_plan_that_can_not_be_understood_names_the_field(change, words):
    with pytest.raises(training.TrainingError, match=f"is no TrainingPlan: {words}"):
        training.start({"MODELREUSE_PLAN": json.dumps({**PLAN, **change})})


def test_the_result_fits_the_termination_message(start, tmp_path, log):
    deep = tmp_path / "pvc/models/candidates"
    for _ in range(3):
        deep = deep / ("d" * 200)
    deep.mkdir(parents=True)
    (deep / "new.pt2").write_bytes(b"weights")

    start().finish(deep / "new.pt2", target_reached=True)

    assert len(log.read_bytes()) <= 4096


def test_torch_is_not_imported():
    program = "import sys; from modelreuse import training; sys.exit('torch' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


# --- pilots ----------------------------------------------------------------------------------------------------------

PILOT = PLAN | {"maxSteps": 1000, "pilotSteps": 25, "evaluateAt": [10, 25]}


def test_a_pilot_ends_at_its_own_steps(start):
    run = start(PILOT)
    for left in range(25, 0, -1):
        assert run.steps_left == left
        run.step(1)

    assert (run.steps_left, run.plan.max_steps) == (0, 1000)
    with pytest.raises(training.TrainingError, match="allows 25 steps"):
        run.step(1)


def test_a_pilot_is_never_longer_than_the_plan(start):
    assert start(PILOT | {"maxSteps": 12}).steps_left == 12


def test_the_plan_says_when_to_look(start, artifact, log):
    run = start(PILOT)
    while run.steps_left:
        run.step(1)
        if run.is_asked:
            run.evaluated(run.steps / 100)
    run.finish(artifact, target_reached=False)

    told = parse_message(TrainingResult, log.read_text()).evaluations
    assert [(each.step, float(each.quality)) for each in told] == [(10, 0.1), (25, 0.25)]


def test_nobody_asks_a_training_that_is_no_pilot(start, artifact, log):
    run = start()
    while run.steps_left:
        run.step(1)
        assert not run.is_asked
    run.finish(artifact, target_reached=False)

    assert "evaluations" not in json.loads(log.read_text())


def test_of_many_looks_those_that_were_asked_for_and_some_of_the_rest_are_told(start, artifact, log):
    run = start(PILOT | {"pilotSteps": 200})
    while run.steps_left:
        run.step(1)
        run.evaluated(0.5)
    told = [each.step for each in run.finish(artifact, target_reached=False).evaluations]

    assert {1, 10, 25, 200} <= {*told}
    assert 20 <= len(told) <= 32
    assert len(log.read_bytes()) < 4096


def test_of_two_looks_at_one_step_the_later_counts(start, artifact):
    run = start(PILOT)
    run.step(1)
    run.evaluated(0.2)
    run.evaluated(0.3)

    assert [float(each.quality) for each in run.finish(artifact, target_reached=False).evaluations] == [0.3]


@pytest.mark.parametrize("quality", [0, 1, 0.5, 1 / 3])
def test_a_quality_is_a_number_from_0_to_1(start, quality):
    run = start(PILOT)
    run.step(1)
    run.evaluated(quality)


@pytest.mark.parametrize("quality", [-0.01, 1.01, 93, float("nan"), float("inf"), True, "0.5", None, [0.5], 10**400])
def test_anything_else_is_refused(start, artifact, quality):
    run = start(PILOT)
    run.step(1)
    with pytest.raises(training.TrainingError, match="a number from 0 to 1"):
        run.evaluated(quality)
    assert run.finish(artifact, target_reached=False).evaluations == []


def test_before_the_first_step_there_is_nothing_to_look_at(start):
    with pytest.raises(training.TrainingError, match="before the first step"):
        start(PILOT).evaluated(0.5)


def test_the_answer_goes_where_the_environment_says(tmp_path, artifact):
    there = tmp_path / "elsewhere"
    environment = {
        "MODELREUSE_PLAN": json.dumps(PLAN),
        "MODELREUSE_PVC_ROOT": str(tmp_path / "pvc"),
        "MODELREUSE_TERMINATION_LOG": str(there),
    }
    training.start(environment).finish(artifact, target_reached=True)

    assert parse_message(TrainingResult, there.read_text()).target_reached
