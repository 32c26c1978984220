"""A status is 64 KiB at most, whatever is in it: etcd, watches and people have to carry it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter

from modelreuse.api import (
    MAX_CHARGES,
    MAX_RESERVATIONS,
    AssessmentSummary,
    AssessmentTask,
    ModelReuseCheckStatus,
    RetrainingRecordSpec,
    RetrainPolicyStatus,
    TrainingPlan,
    TrainingResult,
    VerificationSummary,
    VerificationTask,
)
from modelreuse.api.record import Outcome
from modelreuse.api.schema import structural_schema
from modelreuse.api.types import MAX_TEXT, Amount, Figure, Fraction, Note, Text
from unit.api.largest import LONGEST_DECIMAL, largest, size

KIB = 1024


def test_a_status_with_everything_at_its_maximum_is_64_kib_at_most() -> None:
    status = largest(structural_schema(ModelReuseCheckStatus))
    assert ModelReuseCheckStatus.model_validate(status).to_wire() == status
    assert size(status) <= 64 * KIB


def test_a_ledger_with_everything_at_its_maximum_is_64_kib_at_most() -> None:
    status = largest(structural_schema(RetrainPolicyStatus))
    assert RetrainPolicyStatus.model_validate(status).to_wire() == status
    assert (len(status["reservations"]), len(status["charges"])) == (MAX_RESERVATIONS, MAX_CHARGES)
    assert size(status) <= 64 * KIB


@pytest.mark.parametrize("path", ["assessments", "conditions", "history", "prediction.costs", "approval.components"])
def test_the_largest_status_has_every_list_full(path: str) -> None:
    value: Any = largest(structural_schema(ModelReuseCheckStatus))
    schema: Any = structural_schema(ModelReuseCheckStatus)
    for name in path.split("."):
        value, schema = value[name], schema["properties"][name]
    assert len(value) == schema["maxItems"] > 1


def digits(at_most: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=1, max_size=at_most)


@given(st.sampled_from([Figure, Amount, Fraction]), st.sampled_from(["", "-"]), digits(14), digits(15))
def test_no_decimal_is_written_longer_than_the_longest(kind: Any, sign: str, whole: str, part: str) -> None:
    text = f"0.{part}" if kind is Fraction else f"{'' if kind is Amount else sign}{whole}.{part}"
    written = json.loads(TypeAdapter(kind).dump_json(TypeAdapter(kind).validate_python(text)))
    assert len(written) <= len(LONGEST_DECIMAL)


def test_what_is_a_little_beyond_one_is_not_rounded_into_it() -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        TypeAdapter(Fraction).validate_python("1.0000001")


@pytest.mark.parametrize(("kind", "room"), [(Text, MAX_TEXT), (Note, 120)])
def test_words_beyond_their_room_are_cut_and_show_it(kind: Any, room: int) -> None:
    read = TypeAdapter(kind).validate_python
    assert read("x" * room) == "x" * room
    assert read("x" * (room + 1)) == "x" * (room - 1) + "…"


CONTRACTS = [AssessmentSummary, AssessmentTask, TrainingPlan, TrainingResult, VerificationSummary, VerificationTask]


@pytest.mark.parametrize(
    "model", [*CONTRACTS, ModelReuseCheckStatus, RetrainPolicyStatus, RetrainingRecordSpec, Outcome]
)
def test_every_whole_number_has_both_ends(model: type[BaseModel]) -> None:
    for path, node in numbers(model.model_json_schema()):
        assert {"minimum", "maximum"} <= node.keys(), path
        assert node["maximum"] <= 10**15, path


def numbers(node: Any, path: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Every integer's schema, wherever it stands."""
    if isinstance(node, list):
        return [found for index, child in enumerate(node) for found in numbers(child, f"{path}[{index}]")]
    if not isinstance(node, dict):
        return []
    own = [(path, node)] if node.get("type") == "integer" and "const" not in node else []
    return own + [found for name, child in node.items() for found in numbers(child, f"{path}.{name}")]
