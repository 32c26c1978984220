"""Termination messages: parsed strictly, and never shown as they came."""

import json

import pytest

from modelreuse.api import TrainingResult, UnreadableMessageError, parse_message
from modelreuse.api.names import TERMINATION_LOG_BYTES
from unit.decisions.scenes import result, sha

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
