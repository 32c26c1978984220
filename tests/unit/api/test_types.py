"""The scalars of the API: decimals in quotes, durations, URIs, times."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from modelreuse.api import decimal, duration_seconds, format_decimal
from modelreuse.api.types import Amount, DnsLabel, Duration, Factory, Figure, Fraction, Recipe, Sha256, Time, Uri


def accepts(kind: Any, value: object) -> bool:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


def complaint(kind: Any, value: object) -> str:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("value", "digits"),
    [
        (0.1, "0.1"),
        (1 / 3, "0.333333"),
        (2 / 3, "0.666667"),
        (123456.789, "123457"),
        (1234567.89, "1234570"),
        (1e-9, "0.000000001"),
        (1.23456789e-9, "0.00000000123457"),
        (0, "0"),
        (-0.0, "0"),
        (-2.5, "-2.5"),
        (10**14, "100000000000000"),
        (1e300, "999999999999999"),
        (-1e300, "-999999999999999"),
        (1e-300, "0"),
        (Decimal("1E+5"), "100000"),
        (7, "7"),
    ],
)
def test_a_decimal_has_six_significant_digits_and_no_exponent(value: float, digits: str) -> None:
    assert format_decimal(decimal(value)) == digits


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), Decimal("NaN")])
def test_what_is_no_number_is_no_decimal(value: float) -> None:
    with pytest.raises(ValueError, match="not a finite number"):
        decimal(value)


@pytest.mark.parametrize("text", ["0", "1", "-1", "0.5", "999999999999999", "0.000000000000001", "007"])
def test_decimals_in_quotes_are_figures(text: str) -> None:
    assert accepts(Figure, text)


@pytest.mark.parametrize(
    "value",
    [
        "",
        ".5",
        "5.",
        "1e5",
        "NaN",
        "Infinity",
        "1,5",
        " 1",
        "1 ",
        "+1",
        "1_0",
        "0x1",
        "१",
        "1" * 16,
        1,
        0.5,
        True,
        None,
    ],
)
def test_anything_else_is_none(value: object) -> None:
    assert not accepts(Figure, value)


def test_a_number_without_quotes_is_told_how_to_write_it() -> None:
    assert '0.98 is not a decimal in quotes, as in "0.98"' in complaint(Figure, 0.98)


@pytest.mark.parametrize(
    ("kind", "good", "bad"), [(Amount, "0", "-0.1"), (Fraction, "1", "1.1"), (Fraction, "0", "-1")]
)
def test_amounts_and_fractions_are_bounded(kind: Any, good: str, bad: str) -> None:
    assert accepts(kind, good)
    assert bad in complaint(kind, bad)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("72h", 259_200), ("90m", 5400), ("1h30m", 5400), ("1h1m1s", 3661), ("45s", 45), ("0s", 0), ("24h5s", 86_405)],
)
def test_durations(text: str, seconds: int) -> None:
    assert duration_seconds(text) == seconds
    assert accepts(Duration, text)


@pytest.mark.parametrize("text", ["", "1", "1d", "1.5h", "-1h", "30m1h", "1 h", "h", "1h ", "9999999h"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration such as 72h"):
        duration_seconds(text)
    assert not accepts(Duration, text)


@pytest.mark.parametrize("uri", ["pvc://models/a/b.pt2", "pvc://models", "file:///data/x.npz", "pvc://a.b-c/x"])
def test_uris(uri: str) -> None:
    assert accepts(Uri, uri)


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("s4://bucket/m", "unknown scheme 's4'; known: file, pvc, s3, gs, https, hf"),
        ("models/a.pt2", "is not a URI such as"),
        ("pvc://", "is not a URI such as"),
        ("pvc://models/../secrets", "may not contain '..'"),
        ("pvc://../x", "may not contain '..'"),
        ("file:///a/..", "may not contain '..'"),
        ("file://data/x.npz", "needs an absolute path"),
        ("pvc:///x", "needs the name of a PersistentVolumeClaim"),
        ("pvc://Models/x", "needs the name of a PersistentVolumeClaim"),
        ("pvc://-models/x", "needs the name of a PersistentVolumeClaim"),
    ],
)
def test_what_is_no_uri_is_told_why(uri: str, why: str) -> None:
    assert why in complaint(Uri, uri)


def test_two_dots_inside_a_name_are_no_parent_folder() -> None:
    assert accepts(Uri, "pvc://models/v1..2.pt2")


@pytest.mark.parametrize("name", ["a", "a-1", "0", "x" * 63])
def test_labels(name: str) -> None:
    assert accepts(DnsLabel, name)


@pytest.mark.parametrize("name", ["", "A", "a_b", "-a", "a-", "a.b", "x" * 64, "a\n"])
def test_what_is_no_label(name: str) -> None:
    assert not accepts(DnsLabel, name)


@pytest.mark.parametrize("name", ["a:b", "vision.net:build", "_a._b:_c"])
def test_factories(name: str) -> None:
    assert accepts(Factory, name)


@pytest.mark.parametrize("name", ["build", "a.b", "a:b:c", "a-b:c", ":c", "a:", "a b:c", "os:system('x')"])
def test_what_is_no_factory(name: str) -> None:
    assert not accepts(Factory, name)


def test_recipes_and_hashes() -> None:
    assert accepts(Recipe, "adam-1e-3")
    assert not accepts(Recipe, "adam lr=1")
    assert accepts(Sha256, "sha256:" + "0" * 64)
    assert not accepts(Sha256, "sha256:" + "A" * 64)
    assert not accepts(Sha256, "0" * 64)


def test_times_are_utc_and_whole_seconds() -> None:
    adapter = TypeAdapter(Time)
    tokyo = datetime(2026, 5, 4, 21, 0, 0, 999, tzinfo=timezone(timedelta(hours=9)))
    assert adapter.validate_python(tokyo) == datetime(2026, 5, 4, 12, tzinfo=UTC)
    assert adapter.dump_json(adapter.validate_python(tokyo)) == b'"2026-05-04T12:00:00Z"'
    assert adapter.validate_python(datetime(2026, 5, 4, 12)) == datetime(2026, 5, 4, 12, tzinfo=UTC)  # noqa: DTZ001
