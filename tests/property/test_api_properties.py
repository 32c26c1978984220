"""Decimals survive the wire, and any bytes are a message or a stated refusal."""

import contextlib
import json
import re
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from modelreuse.api import (
    AssessmentSummary,
    TrainingResult,
    UnreadableMessageError,
    VerificationSummary,
    decimal,
    duration_seconds,
    format_decimal,
    parse_message,
)
from modelreuse.api.types import Amount, Duration, Figure
from unit.decisions import scenes

numbers = (
    st.floats(allow_nan=False, allow_infinity=False)
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
)
CONTRACTS = [AssessmentSummary, VerificationSummary, TrainingResult]


@given(numbers)
def test_a_decimal_is_plain_digits_of_its_own_type(value) -> None:
    text = format_decimal(decimal(value))
    assert re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", text)
    if abs(decimal(value)) < 10**15 - 1:  # the largest figure that there is
        assert len(text.replace("-", "").replace(".", "").strip("0")) <= 7
    TypeAdapter(Figure).validate_python(text)


@given(st.floats(1e-9, 1e14) | st.floats(-1e14, -1e-9))
def test_a_decimal_is_close_to_what_it_stands_for(value) -> None:
    assert abs(float(decimal(value)) - value) <= 6e-6 * abs(value)


@given(numbers)
def test_what_was_on_the_wire_stays_as_it_is(value) -> None:
    text = format_decimal(decimal(value))
    read = TypeAdapter(Figure).validate_python(text)
    assert isinstance(read, Decimal)
    assert format_decimal(decimal(read)) == text.replace("-0", "0") if read == 0 else text
    assert json.loads(TypeAdapter(Figure).dump_json(read)) == text


@given(st.floats(0, 1e20), st.floats(0, 1e20))
def test_order_survives_the_wire(one, other) -> None:
    if one <= other:
        assert decimal(one) <= decimal(other)
        assert TypeAdapter(Amount).validate_python(format_decimal(decimal(one))) <= decimal(other) + Decimal("1e-15")


@given(st.integers(0, 999_999), st.integers(0, 999_999), st.integers(0, 999_999))
def test_durations_add_up(hours, minutes, seconds) -> None:
    text = f"{hours}h{minutes}m{seconds}s"
    assert duration_seconds(text) == 3600 * hours + 60 * minutes + seconds
    assert TypeAdapter(Duration).validate_python(text) == text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)


@given(
    st.sampled_from(CONTRACTS),
    st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("utf-8", "surrogateescape")),
)
def test_any_text_is_a_message_or_refused(contract, text) -> None:
    with contextlib.suppress(UnreadableMessageError):
        parse_message(contract, text)


@given(st.sampled_from(CONTRACTS), st.data(), json_values)
def test_any_json_is_a_message_or_refused(contract, data, value) -> None:
    good = {
        "AssessmentSummary": scenes.summary,
        "VerificationSummary": scenes.verified,
        "TrainingResult": scenes.result,
    }
    answer = good[contract.__name__](scenes.sha("1"))
    field = data.draw(st.sampled_from(sorted(answer)))
    with contextlib.suppress(UnreadableMessageError):
        parsed = parse_message(contract, json.dumps(answer | {field: value}))
        assert parse_message(contract, json.dumps(parsed.to_wire())) == parsed
