"""Whatever bytes arrive, the worker answers with one of its own errors or with a result, and runs nothing."""

import io
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelreuse.api import AssessmentSummary, FieldError, parse_message
from modelreuse.worker import Places, TaskError
from modelreuse.worker.answer import answer
from modelreuse.worker.content import Content
from modelreuse.worker.formats.expressions import is_plain_expression
from modelreuse.worker.formats.npz import load_npz
from modelreuse.worker.formats.program import UnsafeProgramError, checked
from modelreuse.worker.schemes import resolve
from modelreuse.worker.summary import encode, refused
from modelreuse.worker.wording import in_bytes, one_line


def saved() -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, x=np.arange(100.0), y=np.arange(100))
    return buffer.getvalue()


GOOD = saved()

edits = st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=6)


@settings(max_examples=300, deadline=None)
@given(edits, st.integers(0, len(GOOD)))
def test_damaged_arrays_are_an_error_of_ours_or_harmless(changes, end):
    data = bytearray(GOOD)
    for position, value in changes:
        data[position] = value

    try:
        arrays = load_npz(Content(bytes(data[:end]), ""), "spec.data.new.uri", ["x", "y"])
    except TaskError:
        return
    assert all(values.nbytes <= len(GOOD) * 1100 for values in arrays.values())


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_no_reason_to_fail_otherwise(data):
    with pytest.raises(TaskError):
        load_npz(Content(data, ""), "spec.data.new.uri", ["x"])


names = st.sampled_from(["s0", "u1", "s77"])
expressions = st.recursive(
    names | st.integers(0, 2**31).map(str),
    lambda inner: st.tuples(inner, st.sampled_from(["+", "*", "-", "//"]), inner).map(
        lambda t: f"({t[0]}{t[1]}{t[2]})"
    ),
    max_leaves=20,
)


@given(expressions)
def test_arithmetic_is_plain(text):
    assert is_plain_expression(text)


@settings(max_examples=300)
@given(st.text(alphabet="s0(),.'\"[]_+*lambda: eval#\\", max_size=40))
def test_a_plain_expression_holds_no_attribute_and_no_unknown_name(text):
    if is_plain_expression(text):
        assert "." not in text.replace("Float", "") or text.replace(".", "").strip("(+- )").isalnum()
        assert "_" not in text
        assert "eval" not in text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(json_values, st.dictionaries(st.sampled_from(["graph", "signature", "metadata", "target"]), json_values))
def test_any_program_is_reduced_or_refused(rest, module):
    try:
        clean = json.loads(checked(json.dumps({"rest": rest, "graph_module": module}).encode()))
    except (UnsafeProgramError, ValueError, TypeError):
        return
    assert clean["guards_code"] == []
    assert '"' not in "".join(_texts(clean["rest"]))


def _texts(value) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) else []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=40))
def test_a_path_never_leaves_its_claim(tmp_path, rest):
    places = Places(claims_root=tmp_path)
    try:
        path = resolve(f"pvc://data/{rest}", "spec.data.new.uri", places)
    except TaskError:
        return
    assert path.is_relative_to(tmp_path.resolve() / "data")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=60) | json_values.map(json.dumps))
def test_any_task_is_answered(tmp_path, text):
    done = answer(text, Places(claims_root=tmp_path))

    assert done.summary.error.reason == "BadTask"
    assert done.exit_status == 3


@settings(deadline=None)
@given(st.text(max_size=128), st.text(min_size=1, max_size=1024), st.text(max_size=128))
def test_any_refusal_fits_and_is_readable(task, message, field):
    summary = refused(AssessmentSummary, task, FieldError(reason="R", field=field, message=message))

    text = encode(summary)
    assert len(text.encode()) <= 4096
    assert parse_message(AssessmentSummary, text) == summary


@given(st.text(), st.integers(1, 100))
def test_a_sentence_is_one_printable_line_within_its_limit(text, limit):
    line = one_line(text, limit)

    assert line.isprintable()
    assert len(line) <= limit
    assert len(in_bytes(line, limit).encode()) <= max(limit, len("…".encode()))
