"""Termination messages: parsed strictly, and never shown as they came."""

import json
from typing import Any

import pytest

from modelreuse.api import (
    AssessmentSummary,
    TrainingResult,
    UnreadableMessageError,
    VerificationSummary,
    parse_message,
)
from modelreuse.api.names import TERMINATION_LOG_BYTES
from unit.decisions.scenes import measured, result, sha, summary, verified

GOOD = result(sha("1"))


def complaint(message: str) -> str:
    with pytest.raises(UnreadableMessageError) as caught:
        parse_message(TrainingResult, message)
    return str(caught.value)


def test_a_message_of_the_contract_is_read() -> None:
    assert parse_message(TrainingResult, json.dumps(GOOD)).steps == 400


def test_the_limit_is_in_bytes_and_inclusive() -> None:
    padded = json.dumps(GOOD).ljust(TERMINATION_LOG_BYTES)
    assert parse_message(TrainingResult, padded).steps == 400
    assert "longer than 4096 bytes" in complaint(padded + " ")
    assert "longer than 4096 bytes" in complaint("é" * (TERMINATION_LOG_BYTES // 2 + 1))
    assert "longer" not in complaint("é" * (TERMINATION_LOG_BYTES // 2))


def test_a_wrong_field_is_named_by_the_name_on_the_wire() -> None:
    assert complaint(json.dumps(GOOD | {"artifactSha256": "x"})) == (
        "the termination message is not a valid TrainingResult: artifactSha256: string_pattern_mismatch"
    )


def test_what_is_no_json_says_so() -> None:
    assert "json_invalid" in complaint("<html>")


@pytest.mark.parametrize("message", ["\ud800", json.dumps(GOOD)[:-1] + '"\udfff"}'])
def test_half_a_character_is_unreadable_and_no_crash(message: str) -> None:
    complaint(message)


SECRET = "\x1b[31m<script>s3cr3t"


@pytest.mark.parametrize("message", [SECRET, *(json.dumps(GOOD | {key: SECRET}) for key in ("steps", "artifactUri"))])
def test_values_that_came_are_not_shown(message: str) -> None:
    assert "s3cr3t" not in complaint(message)


def test_names_that_came_are_not_shown() -> None:
    assert "s3cr3t" not in complaint(json.dumps(GOOD | {SECRET: 1}))


# --- figures that make no sense --------------------------------------------------------------------------------------

HUGE = 10**12 + 1
AT_MOST = "Input should be less than or equal to 1000000000000"


def refusal(contract: Any, answer: dict[str, Any]) -> str:
    with pytest.raises(UnreadableMessageError) as caught:
        parse_message(contract, json.dumps(answer))
    return str(caught.value).removeprefix(f"the termination message is not a valid {contract.__name__}: ")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"samples": HUGE}, f"samples: {AT_MOST}"),
        ({"samples": 0}, "samples: Input should be greater than or equal to 1"),
        ({"classes": HUGE}, f"classes: {AT_MOST}"),
        ({"classes": -1}, "classes: Input should be greater than or equal to 1"),
        ({"measured": measured(samples=HUGE)}, f"measured.samples: {AT_MOST}"),
        ({"measured": measured(samples=0)}, "measured.samples: Input should be greater than or equal to 1"),
        ({"measured": measured(stepBatchSize=65537)}, "stepBatchSize: Input should be less than or equal to 65536"),
        ({"measured": measured(stepBatchSize=0)}, "stepBatchSize: Input should be greater than or equal to 1"),
        ({"layers": ["x" * 65]}, "layers.0: String should have at most 64 characters"),
        ({"layers": ["x"] * 21}, "layers: List should have at most 20 items after validation, not 21"),
        ({"measured": measured(device="x" * 65)}, "measured.device: String should have at most 64 characters"),
    ],
)
def test_an_assessment_with_absurd_figures_is_refused_in_words(changes: dict[str, Any], why: str) -> None:
    assert why in refusal(AssessmentSummary, summary("t") | changes)


def test_a_verification_and_a_result_with_absurd_figures_are_refused_in_words() -> None:
    assert refusal(VerificationSummary, verified("t", samples=HUGE)) == f"samples: {AT_MOST}"
    assert refusal(TrainingResult, GOOD | {"samples": HUGE}) == f"samples: {AT_MOST}"
    assert "steps: Input should be less than or equal to 10000000" in refusal(TrainingResult, GOOD | {"steps": 10**9})


def test_an_artefact_whose_uri_no_status_could_hold_is_refused() -> None:
    long = "pvc://candidates/" + "x" * 1024
    assert "artifactUri: String should have at most 1024 characters" in refusal(
        TrainingResult, GOOD | {"artifactUri": long}
    )


@pytest.mark.parametrize("contract", [AssessmentSummary, VerificationSummary])
def test_an_error_says_something(contract: Any) -> None:
    error = {"reason": "EmptyData", "field": "spec.data.new.uri", "message": ""}
    assert "error.message" in refusal(contract, {"task": "t", "error": error})


# --- what a training saw ----------------------------------------------------------------------------------------------


def seen(*looks: tuple[int, str], **more: Any) -> dict[str, Any]:
    return GOOD | {"evaluations": [{"step": step, "quality": quality, **more} for step, quality in looks]}


def test_what_a_training_saw_is_read() -> None:
    told = parse_message(TrainingResult, json.dumps(seen((10, "0.7"), (25, "0.8"))))
    assert [(each.step, str(each.quality)) for each in told.evaluations] == [(10, "0.7"), (25, "0.8")]
    assert parse_message(TrainingResult, json.dumps(GOOD)).evaluations == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (seen((25, "0.7"), (10, "0.8")), "evaluations: value_error"),
        (seen((10, "0.7"), (10, "0.8")), "evaluations: value_error"),
        (seen((0, "0.7")), "evaluations.0.step: Input should be greater than or equal to 1"),
        (seen((10, "1.1")), "evaluations.0.quality: value_error"),
        (seen((10, "nan")), "evaluations.0.quality: value_error"),
        (seen((10, "0.7"), surprise="x"), "evaluations.0: extra_forbidden"),
        (GOOD | {"evaluations": [{"step": 10, "quality": 0.7}]}, "evaluations.0.quality: value_error"),
        (seen(*((step, "0.5") for step in range(1, 66))), "evaluations: List should have at most 64 items"),
    ],
)
def test_what_it_can_not_have_seen_is_refused(answer: dict[str, Any], why: str) -> None:
    assert refusal(TrainingResult, answer).startswith(why)
