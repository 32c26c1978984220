import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelreuse.api import Failure
from modelreuse.cluster import reason_of, text_of
from modelreuse.cluster.words import note_of


def test_a_short_message_stays_as_it_is() -> None:
    assert text_of("no room") == "no room"


def test_a_long_message_is_cut_and_says_so() -> None:
    assert text_of("x" * 5000) == "x" * 1023 + "…"


@pytest.mark.parametrize(
    ("code", "reason"),
    [("Forbidden", "Forbidden"), ("exceeded quota", "exceededquota"), ("", "Refused"), ("404", "Refused")],
)
def test_a_code_becomes_a_reason(code: str, reason: str) -> None:
    assert reason_of(code, "Refused") == reason


@given(st.text(), st.text())
def test_whatever_is_said_fits_into_a_status(code: str, message: str) -> None:
    Failure(reason=reason_of(code, "Refused"), message=text_of(message))


@given(st.text(max_size=50), st.integers(1, 200))
def test_whatever_is_said_fits_into_an_event(message: str, times: int) -> None:
    note = note_of(message * times)
    assert len(note.encode(errors="replace")) <= 1024


def test_the_note_of_an_event_is_cut_between_characters() -> None:
    assert note_of("ü" * 1024) == "ü" * 510 + "…"
