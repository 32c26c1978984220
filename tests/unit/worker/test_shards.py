"""Several real processes share an assessment, and all end with what one alone would say."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from modelreuse.api import AssessmentReport
from modelreuse.worker.errors import TaskError
from modelreuse.worker.shards import ALONE, Shard, met

COUNT = 3
ROWS = 301
"""Not a multiple of COUNT."""


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@pytest.fixture
def start(places, save_model, save_data, samples, model_bytes) -> Iterator[Callable[..., list[subprocess.Popen]]]:
    """Starts workers on a task; whoever still runs at the end is killed."""
    save_model("m.pt2", model_bytes)
    save_data("reference.npz", **samples(ROWS))
    given = samples(ROWS - 2, shift=1.0, seed=1)
    order = np.argsort(given["labels"])  # sorted by class: consecutive rows would give ranks of one class
    save_data("new.npz", **{name: values[order] for name, values in given.items()})
    started: list[subprocess.Popen] = []

    def run(
        numbers: range, count: int, output: str | None = None, claims: Mapping[int, Path] = MappingProxyType({})
    ) -> list[subprocess.Popen]:
        task = {
            "task": "t",
            "model": {"name": "current", "uri": "pvc://models/m.pt2"},
            "data": {
                "labels": "labels",
                "reference": {"uri": "pvc://data/reference.npz"},
                "new": {"uri": "pvc://data/new.npz"},
            },
            "batchSize": 16,
            "probeBatchSize": 8,
            "output": output,
        }
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path("operator").resolve()),
            "MODELREUSE_TASK": json.dumps(task),
            "OMP_NUM_THREADS": "1",
        }
        if count > 1:
            environment |= {"MODELREUSE_SHARDS": str(count), "MODELREUSE_RENDEZVOUS": f"127.0.0.1:{free_port()}"}
        for number in numbers:
            own = {
                "JOB_COMPLETION_INDEX": str(number),
                "MODELREUSE_TERMINATION_LOG": str(log(places, count, number)),
                "MODELREUSE_PVC_ROOT": str(claims.get(number, places.claims_root)),
            }
            command = [sys.executable, "-m", "modelreuse.worker"]
            started.append(subprocess.Popen(command, env=environment | own, stderr=subprocess.PIPE, text=True))
        return started[-len(numbers) :]

    yield run
    for process in started:
        process.kill()
        process.wait()
        process.stderr.close()


def log(places, count: int, number: int) -> Path:
    return Path(f"{places.termination_log}-{count}-{number}")


def report_in(places, folder: str) -> AssessmentReport:
    (file,) = (places.claim("data") / folder).glob("assessment-*")
    return AssessmentReport.model_validate(json.loads(file.read_text()))


def figures(report: AssessmentReport) -> dict[str, float]:
    scores = {score.name: float(score.value) for score in report.scores if score.value is not None}
    layers = {f"{layer.name}.shift": float(layer.shift.distance) for layer in report.layers if layer.shift}
    return scores | layers | {"samples": report.new.samples, "reference": report.reference.samples}


def test_three_processes_say_what_one_says(start, places):
    together = start(range(COUNT), COUNT, "pvc://data/three")
    errors = [process.communicate()[1] for process in together]
    assert [process.returncode for process in together] == [0] * COUNT, errors
    (alone,) = start(range(1), 1, "pvc://data/one")
    assert alone.wait() == 0

    assert figures(report_in(places, "three")) == pytest.approx(figures(report_in(places, "one")), rel=1e-5, abs=1e-6)

    answers = [json.loads(log(places, COUNT, number).read_text()) for number in range(COUNT)]
    assert [answer["scores"] for answer in answers] == [answers[0]["scores"]] * COUNT
    assert ["reportSha256" in answer for answer in answers] == [True, False, False]
    assert ["stepSeconds" in answer["measured"] for answer in answers] == [True, False, False]
    assert {answer["measured"]["samples"] for answer in answers} == {2 * ROWS - 2}


def test_a_reference_that_was_kept_is_skipped_by_all(start, places):
    for _ in range(2):
        processes = start(range(2), 2, "pvc://data/kept")
        assert [(process.communicate(), process.returncode)[1] for process in processes] == [0, 0]

    answers = [json.loads(log(places, 2, number).read_text()) for number in range(2)]

    assert "ReferenceCached" in {finding["reason"] for finding in answers[0]["findings"]}
    assert {answer["measured"]["samples"] for answer in answers} == {ROWS - 2}


def test_bytes_that_differ_are_not_added_up(start, places, tmp_path):
    changed = shutil.copytree(places.claims_root, tmp_path / "changed")
    with np.load(changed / "data/new.npz") as arrays:
        kept = dict(arrays)
    np.savez(changed / "data/new.npz", **kept | {"labels": kept["labels"][::-1]})

    processes = start(range(2), 2, claims={1: changed})
    errors = [process.communicate(timeout=120)[1] for process in processes]

    assert [process.returncode for process in processes] == [4, 4], errors
    said = [json.loads(log(places, 2, number).read_text())["error"] for number in range(2)]
    assert {error["reason"] for error in said} == {"DataChanged"}
    assert "shards have read different bytes" in said[0]["message"]


def test_where_one_is_lost_the_others_end_so_that_all_can_begin_anew(start, places):
    first, second = start(range(2), 2)
    assert any("has met the others" in line for line in second.stderr)
    second.kill()

    first.communicate(timeout=60)

    assert first.returncode == 4
    error = json.loads(log(places, 2, 0).read_text())["error"]
    assert (error["reason"], error["retryable"]) == ("ShardLost", True)


def test_who_waits_for_somebody_that_never_comes_gives_up():
    shard = Shard(0, 2, f"127.0.0.1:{free_port()}")

    with pytest.raises(TaskError) as lost, met(shard, timedelta(seconds=1)):
        pass

    assert (lost.value.reason, lost.value.retryable) == ("ShardLost", True)


def test_an_indexed_job_says_which_one_this_is():
    environment = {"JOB_COMPLETION_INDEX": "1", "MODELREUSE_SHARDS": "3", "MODELREUSE_RENDEZVOUS": "mrc-0.mrc:29500"}

    assert Shard.of_environment(environment) == Shard(1, 3, "mrc-0.mrc:29500")
    assert Shard.of_environment({"JOB_COMPLETION_INDEX": "1"}) == ALONE


@pytest.mark.parametrize(("number", "count"), [("3", "3"), ("-1", "3"), ("", "3"), ("0", ""), ("0", "0"), ("x", "3")])
def test_a_number_that_makes_no_sense_is_refused(number, count):
    with pytest.raises(TaskError, match=r"^spec\.assessment\.shards: JOB_COMPLETION_INDEX="):
        Shard.of_environment({"JOB_COMPLETION_INDEX": number, "MODELREUSE_SHARDS": count})
