"""A pod always answers: with a summary, an exit status, and nothing that it should not say."""

import errno
import json

import pytest

from modelreuse.api import AssessmentSummary, VerificationSummary, parse_message
from modelreuse.worker import __main__ as program
from modelreuse.worker.answer import answer
from modelreuse.worker.summary import encode


@pytest.fixture
def task(save_model, save_data, samples, model_bytes) -> dict:
    save_model("m.pt2", model_bytes)
    uri = save_data("d.npz", **samples())
    return {
        "task": "uid/current/1",
        "model": {"name": "current", "uri": "pvc://models/m.pt2"},
        "data": {"labels": "labels", "reference": {"uri": uri}, "new": {"uri": uri}},
        "probeBatchSize": None,
    }


def test_a_task_that_is_done_ends_with_0(task, places):
    done = answer(json.dumps(task), places)

    assert done.exit_status == 0
    assert done.summary.error is None
    assert done.summary.task == "uid/current/1"


def test_what_a_person_must_mend_ends_with_3(task, places):
    task["model"]["uri"] = "pvc://models/none.pt2"

    done = answer(json.dumps(task), places)

    assert done.exit_status == 3
    assert done.summary.error.reason == "FileNotFound"
    assert done.summary.error.message == ("spec.models[name=current].uri: 'pvc://models/none.pt2': no such file")


@pytest.mark.parametrize(
    ("raised", "reason"), [(OSError(errno.ESTALE, "stale"), "StorageFailed"), (MemoryError(), "OutOfMemory")]
)
def test_what_may_heal_ends_with_4(task, places, monkeypatch, raised, reason):
    def fail(*_):
        raise raised

    monkeypatch.setattr("modelreuse.worker.content._read", fail)

    done = answer(json.dumps(task), places)

    assert (done.exit_status, done.summary.error.reason, done.summary.error.retryable) == (4, reason, True)


def test_a_defect_of_ours_ends_with_3_and_says_nothing_of_the_data(task, places, monkeypatch, caplog):
    def fail(*_, **__):
        raise ZeroDivisionError("patient 4711")

    monkeypatch.setattr("modelreuse.worker.assess.worth_training", fail)

    done = answer(json.dumps(task), places)

    assert (done.exit_status, done.summary.error.reason) == (3, "InternalError")
    assert "4711" not in encode(done.summary)
    assert "4711" in caplog.text


@pytest.mark.parametrize(
    "text", [None, "", "{", "[]", "null", "{}", '{"mode": 3}', '{"task": "t", "data": 1}', "[" * 9999]
)
def test_a_task_that_can_not_be_read_is_answered(text, places):
    done = answer(text, places)

    assert (done.exit_status, done.summary.error.reason) == (3, "BadTask")
    assert parse_message(AssessmentSummary, encode(done.summary)) == done.summary


def test_a_bad_task_still_names_itself(places):
    assert answer('{"task": "uid/1"}', places).summary.task == "uid/1"


def test_a_bad_verification_is_answered_as_one(places):
    done = answer('{"mode": "Verify", "task": "v"}', places)

    assert isinstance(done.summary, VerificationSummary)
    assert done.summary.task == "v"


def test_the_program_writes_its_summary_to_the_termination_log(task, places, monkeypatch):
    monkeypatch.setenv("MODELREUSE_TASK", json.dumps(task))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("MODELREUSE_PVC_ROOT", str(places.claims_root))
    monkeypatch.setenv("MODELREUSE_TERMINATION_LOG", str(places.termination_log))

    assert program.main() == 0
    summary = parse_message(AssessmentSummary, places.termination_log.read_text())
    assert summary.task == "uid/current/1"
    assert summary.measured.startup_seconds > 0


def test_the_program_started_before_now():
    import time

    assert 0 <= time.perf_counter() - program.process_start() < 24 * 3600
