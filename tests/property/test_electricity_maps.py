"""Whatever Electricity Maps answers, it is a figure that can be true, or an error of ours that doesn't repeat it."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelreuse.cluster import NoReadingError
from modelreuse.cluster.electricity_maps import reading_of
from unit.cluster_client.fake_electricity_maps import NOW, day

MARK = "r3p34t3d"
moments = st.datetimes(timezones=st.just(UTC) | st.timezones()).map(datetime.isoformat)
values = st.one_of(moments, st.none(), st.booleans(), st.integers(), st.floats(), st.just(MARK), st.text(max_size=8))
anything = st.recursive(values, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner))
damages = st.lists(st.tuples(st.integers(0, 23), st.sampled_from(sorted(day()["history"][0])), anything), max_size=8)


def complaint(body: bytes) -> str | None:
    """In words, if there is one."""
    try:
        reading_of(body, "FR", NOW)
    except NoReadingError as error:
        return str(error)
    return None


def judged(body: bytes) -> None:
    said = complaint(body)
    if said is not None:
        assert MARK not in said
        return
    reading = reading_of(body, "FR", NOW)
    assert 0 < reading.grams_per_kwh <= 3000
    assert 18 <= reading.hours <= 24
    assert reading.estimated_hours <= reading.hours
    assert reading.begins_at < reading.ends_at <= NOW + timedelta(hours=2)
    assert reading.ends_at - reading.begins_at <= timedelta(hours=24)


@given(damages)
def test_a_damaged_history_is_refused_or_harmless(damages: list[tuple[int, str, object]]) -> None:
    answer = day()
    for place, name, value in damages:
        answer["history"][place][name] = value
    judged(json.dumps(answer).encode())


@given(anything)
def test_any_json_is_refused(answer: object) -> None:
    with pytest.raises(NoReadingError):
        reading_of(json.dumps(answer).encode(), "FR", NOW)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(NoReadingError):
        reading_of(body, "FR", NOW)
