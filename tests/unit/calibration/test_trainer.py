"""Trainers as processes: what they are told, what is made of what they say, and that none outlives us."""

import os
import select
import signal
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from modelreuse.api import Failure, TrainingPlan, TrainingResult
from modelreuse.calibration import trainer as process
from modelreuse.calibration.trainer import Trained, train
from unit.calibration.trainers import HONEST, trainer

PLAN = TrainingPlan.model_validate(
    {
        "action": "Retrain",
        "model": {"name": "current", "uri": "pvc://models/m.pt2"},
        "data": {"reference": {"uri": "pvc://data/r.npz"}, "new": {"uri": "pvc://ours/new.npz"}},
        "maxSteps": 10,
        "target": "0.9",
        "digest": "sha256:" + "a" * 64,
        "output": "pvc://ours/candidates",
    }
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("models", "ours/candidates"):
        (tmp_path / "pvc" / folder).mkdir(parents=True)
    (tmp_path / "pvc/models/m.pt2").write_bytes(b"weights")
    return tmp_path / "pvc"


def trained(root: Path, body: str, limit_seconds: float = 60) -> Trained:
    return train(PLAN, trainer(root.parent, body), root, limit_seconds=limit_seconds)


def failed(root: Path, body: str, **limit: float) -> Failure:
    answer = trained(root, body, **limit).answer
    assert isinstance(answer, Failure)
    return answer


def ends(pid: int) -> bool:
    """Whether it has ended, or does now: who has to notice that may be another."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], 10)[0])
    finally:
        os.close(process)


def test_an_honest_answer_is_taken(root: Path) -> None:
    answer = trained(root, HONEST).answer
    assert isinstance(answer, TrainingResult)
    assert (answer.steps, answer.target_reached, answer.evaluated_every) == (4, True, 2)


def test_it_is_told_the_plan_and_nothing_else_of_ours(root: Path) -> None:
    body = "(root / 'told').write_text(os.environ['MODELREUSE_PLAN'])\n" + HONEST
    trained(root, body)
    assert TrainingPlan.model_validate_json((root / "told").read_text()) == PLAN


def test_time_and_energy_are_by_our_meter_and_not_by_its_word(root: Path) -> None:
    busy = "until = time.process_time() + 0.3\nwhile time.process_time() < until: pass\n"
    effort = trained(root, busy + "answer(seconds='0', energyWh='0')").effort
    assert effort.seconds >= 0.3
    assert effort.cpu_seconds >= 0.3
    assert effort.energy_wh > 0


CRASHES = "print('epoch 1')\nraise SystemExit('no such column: speed')"


@pytest.mark.parametrize(
    ("body", "reason", "said"),
    [
        (CRASHES, "TrainerFailed", "exit status 1; it said: no such column: speed"),
        ("os.kill(os.getpid(), 9)", "TrainerFailed", "ended by SIGKILL; it said nothing"),
        ("pass", "ResultLost", "the file that MODELREUSE_TERMINATION_LOG names"),
        ("log.write_text('done')", "UnreadableAnswer", "not a valid TrainingResult"),
        ("log.write_text('x' * 5000)", "UnreadableAnswer", "longer than 4096 bytes"),
        ("log.write_bytes(b'\\xff\\xfe')", "UnreadableAnswer", "not a valid TrainingResult"),
        ("answer(energyWh='-1')", "UnreadableAnswer", "energyWh"),
        ("answer(steps=-1)", "UnreadableAnswer", "steps"),
        ("answer(digest='sha256:' + 'b' * 64)", "WrongAnswer", "another digest"),
        ("answer(steps=11)", "WrongAnswer", "11 steps are more than spec.retraining.maxSteps (10)"),
        ("answer(artifactUri='pvc://models/m.pt2')", "WrongAnswer", "outside the plan's output"),
    ],
)
def test_what_can_not_be_is_no_answer(root: Path, body: str, reason: str, said: str) -> None:
    failure = failed(root, body)
    assert failure.reason == reason
    assert said in failure.message


def test_a_failed_one_has_its_effort(root: Path) -> None:
    assert trained(root, "raise SystemExit(1)").effort.seconds > 0


def test_what_it_prints_is_one_line_of_ours(root: Path) -> None:
    message = failed(root, "print('a\\n' * 9000 + '\\x1b[31mred')\nraise SystemExit(3)").message
    assert message == "exit status 3; it said: [31mred"


def test_a_program_that_is_not_there_is_told(root: Path) -> None:
    answer = train(PLAN, ["/no/such/python"], root, limit_seconds=1).answer
    assert isinstance(answer, Failure)
    assert answer.message == "/no/such/python: can't be started: No such file or directory"


WITH_A_CHILD = """
child = os.fork()
(root / f"pid-{'child' if child == 0 else 'self'}").write_text(str(os.getpid()))
if child == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    print("waiting", flush=True)
"""


def test_one_that_takes_too_long_is_ended_with_all_that_it_started(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "GRACE_SECONDS", 0.2)
    failure = failed(root, WITH_A_CHILD + "time.sleep(60)", limit_seconds=5)
    assert (failure.reason, failure.message) == ("DeadlineExceeded", "took longer than 5 s; it said: waiting")
    for which in ("self", "child"):
        assert ends(int((root / f"pid-{which}").read_text()))


def test_whatever_ends_us_ends_it(root: Path) -> None:
    body = "(root / 'pid').write_text(str(os.getpid()))\nos.kill(os.getppid(), signal.SIGUSR1)\ntime.sleep(60)"
    # As Ctrl-C does, to which pytest's own worker processes are deaf.
    before = signal.signal(signal.SIGUSR1, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            trained(root, body)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert ends(int((root / "pid").read_text()))


def test_no_run_hears_what_another_said(root: Path) -> None:
    assert isinstance(trained(root, HONEST).answer, TrainingResult)
    assert failed(root, "pass").reason == "ResultLost"


def test_the_helper_of_trainers_answers_here_too(root: Path) -> None:
    body = """
from modelreuse import training
with training.start() as run:
    run.step(32)
    path = run.resolve(run.plan.output) / "new.bin"
    path.write_bytes(b"new weights")
    run.finish(path, target_reached=False)
"""
    program = root.parent / "with_helper.py"
    program.write_text(body)
    answer = train(PLAN, [sys.executable, str(program)], root, limit_seconds=60).answer
    assert isinstance(answer, TrainingResult)
    assert (answer.steps, answer.seconds > Decimal(0)) == (1, True)
