import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelreuse.api import Failure
from modelreuse.cluster import failure_of
from modelreuse.cluster.words import note_of, reason_of


@pytest.mark.parametrize(
    ("code", "reason"),
    [("Forbidden", "Forbidden"), ("exceeded quota", "exceededquota"), ("", "Refused"), ("404", "Refused")],
)
def test_a_code_becomes_a_reason(code: str, reason: str) -> None:
    assert reason_of(code, "Refused") == reason


@given(st.text(), st.text())
def test_whatever_is_said_fits_into_a_status(code: str, message: str) -> None:
    failure = failure_of(code, message, "Refused")
    assert Failure.model_validate(failure.to_wire()) == failure


def test_a_failure_without_words_is_called_by_its_reason() -> None:
    assert failure_of("Evicted", "", "Refused") == Failure(reason="Evicted", message="Evicted")


@given(st.text(max_size=50), st.integers(1, 200))
def test_whatever_is_said_fits_into_an_event(message: str, times: int) -> None:
    note = note_of(message * times)
    assert len(note.encode(errors="replace")) <= 1024


def test_the_note_of_an_event_is_cut_between_characters() -> None:
    assert note_of("ü" * 1024) == "ü" * 510 + "…"
