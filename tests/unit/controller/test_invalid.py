from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from modelreuse.api import ModelReuseCheck
from modelreuse.controller.invalid import status_of_invalid
from modelreuse.controller.sentences import field_path, sentence
from unit.controller import served

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
Json = dict[str, Any]


def error_of(check: Json) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        ModelReuseCheck.parse(check)
    return caught.value


def broken(**more: Any) -> Json:
    check = served.check(**more)
    check["spec"]["models"][0]["uri"] = "s4://bucket/m.pt2"
    return check


def test_a_sentence_begins_with_the_field_as_its_author_wrote_it() -> None:
    assert sentence(error_of(broken())) == (
        "spec.models[0].uri: 's4://bucket/m.pt2': unknown scheme 's4'; known: file, pvc, s3, gs, https, hf"
    )


def test_a_sentence_says_how_many_complaints_there_are() -> None:
    check = broken()
    del check["spec"]["data"]["new"]
    assert sentence(error_of(check)).endswith(" (and 1 more)")


def test_the_object_itself_has_no_path() -> None:
    assert field_path(()) == "the object"


def test_an_unreadable_spec_is_stalled_and_says_why() -> None:
    check = broken()
    status = status_of_invalid(check, error_of(check), NOON)
    said = {each["type"]: (each["status"], each["reason"]) for each in status["conditions"]}
    assert said == {"Ready": ("False", "InvalidSpec"), "Stalled": ("True", "InvalidSpec")}
    assert all(each["message"].startswith("spec.models[0].uri: ") for each in status["conditions"])
    assert status["observedGeneration"] == 1


def test_what_was_known_before_stays() -> None:
    assessed = {
        "type": "Assessed",
        "status": "True",
        "reason": "Assessed",
        "message": "1 of 1",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    reconciling = {**assessed, "type": "Reconciling"}
    check = broken(status={"nonce": "n", "conditions": [assessed, reconciling]})
    status = status_of_invalid(check, error_of(check), NOON)
    assert status["nonce"] == "n"
    kinds = [each["type"] for each in status["conditions"]]
    assert kinds == ["Ready", "Stalled", "Assessed"]
    assert status["conditions"][2] == assessed


def test_saying_it_again_changes_nothing() -> None:
    check = broken()
    once = status_of_invalid(check, error_of(check), NOON)
    check["status"] = once
    assert status_of_invalid(check, error_of(check), NOON.replace(hour=13)) == once


def test_an_unreadable_status_is_told_apart() -> None:
    check = served.check(status={"nonce": "n" * 100})
    status = status_of_invalid(check, error_of(check), NOON)
    assert {each["reason"] for each in status["conditions"]} == {"InvalidStatus"}


def test_unreadable_conditions_are_replaced() -> None:
    check = served.check(status={"conditions": [{"type": "Ready"}]})
    status = status_of_invalid(check, error_of(check), NOON)
    assert [each["type"] for each in status["conditions"]] == ["Ready", "Stalled"]
