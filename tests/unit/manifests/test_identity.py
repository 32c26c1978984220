"""Names: derived, short enough, and different for what differs."""

import re

import pytest

from modelreuse.api import ModelReuseCheck
from modelreuse.manifests import assessment_task_id, job_name, record_name, verification_task_id
from modelreuse.manifests.identity import owned_labels
from unit.manifests.checks import DIGEST, NONCE, check

LONGEST = ["a" * 253, "a." * 126 + "a", "a" * 34 + "." + "b" * 218, "a" * 35 + "-b", "x", "1.2.3"]


@pytest.mark.parametrize("name", LONGEST)
def test_names_and_labels_fit_whatever_the_check_is_called(name: str) -> None:
    one = check(name)
    job = job_name(one, "task")
    assert len(job) <= 63
    assert re.fullmatch(r"mrc-[a-z0-9]([-a-z0-9]*[a-z0-9])?", job)
    label = owned_labels(one, "assessment")["modelreuse.io/check"]
    assert len(label) <= 63
    assert re.fullmatch(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?", label)


def test_a_short_name_is_its_own_label() -> None:
    assert owned_labels(check("digits"), "x")["modelreuse.io/check"] == "digits"
    assert owned_labels(check("a" * 63), "x")["modelreuse.io/check"] == "a" * 63


def test_long_names_that_begin_alike_have_different_labels() -> None:
    labels = {owned_labels(check("a" * 70 + end), "x")["modelreuse.io/check"] for end in ("b", "c")}
    assert len(labels) == 2


def test_each_task_and_each_check_has_its_own_name() -> None:
    one = check()
    renewed = ModelReuseCheck.parse({"metadata": {"name": "digits", "uid": "other"}, "spec": one.spec.to_wire()})
    names = {job_name(one, "a"), job_name(one, "b"), job_name(renewed, "a"), job_name(check("digits-2"), "a")}
    assert len(names) == 4
    assert job_name(one, "a") == job_name(check(), "a")


def test_each_attempt_of_each_model_is_a_task_of_its_own() -> None:
    tasks = {assessment_task_id(NONCE, model, attempt) for model in ("a", "b") for attempt in (1, 2)}
    tasks |= {verification_task_id(DIGEST, attempt) for attempt in (1, 2)}
    tasks |= {assessment_task_id("other", "a", 1)}
    assert len(tasks) == 7


def test_a_task_is_short_enough_to_be_echoed() -> None:
    assert len(assessment_task_id("n" * 64, "m" * 63, 3)) <= 128
    assert len(verification_task_id(DIGEST, 3)) <= 128


def test_a_record_is_named_by_its_digest() -> None:
    assert record_name(DIGEST) == "mrc-" + "d" * 40
