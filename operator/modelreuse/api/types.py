"""The base model and the bounded scalar types of which every custom resource is made.

The API server refuses unbounded strings inside CEL rules and prunes what a schema doesn't know; people deserve a
better answer than either. So every string has a maximum length, every figure is a decimal string with its unit in
the field's name, and models forbid unknown fields.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel

from modelreuse.api.uris import check_uri, uri_schema

_DECIMAL_PATTERN = r"^-?[0-9]{1,15}(\.[0-9]{1,15})?$"
_SIGNIFICANT_DIGITS = 6


class ApiModel(BaseModel):
    """A value of the API: immutable, camelCase on the wire, unknown fields refused."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        # Descriptions reach users by `kubectl explain`.
        use_attribute_docstrings=True,
    )

    def to_wire(self) -> dict[str, Any]:
        """The JSON object that the API server stores: camelCase keys, absent instead of null."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class StatusModel(ApiModel):
    """A value that only the operator writes. A newer operator's fields are ignored, so a downgrade can still read."""

    model_config = ConfigDict(extra="ignore")


def decimal(value: float | int | Decimal) -> Decimal:
    """A figure as it goes onto the wire: six significant digits, never an exponent.

    Raises ValueError for NaN and infinities, which no reader of a budget can act upon.
    """
    exact = Decimal(repr(value) if isinstance(value, float) else value)
    if not exact.is_finite():
        raise ValueError(f"{value!r} is not a finite number")
    if exact == 0:
        return Decimal(0)
    rounded = exact.quantize(Decimal((0, (1,), exact.adjusted() - _SIGNIFICANT_DIGITS + 1)))
    return max(min(rounded, Decimal(10) ** 15 - 1), -(Decimal(10) ** 15) + 1)


def format_decimal(value: Decimal) -> str:
    """`value` in plain digits, at most 15 after the point, without trailing zeros."""
    text = f"{value:.15f}"
    plain = text.rstrip("0").rstrip(".")
    return "0" if plain == "-0" else plain


_IN_QUOTES = "a decimal in quotes"


def _only_strings(value: object) -> object:
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str) or not re.fullmatch(_DECIMAL_PATTERN, value):
        raise ValueError(f'{value!r} is not {_IN_QUOTES}, as in "0.98"')
    return Decimal(value)


def _bounded(low: str, high: str, wanted: str) -> AfterValidator:
    def check(value: Decimal) -> Decimal:
        if not Decimal(low) <= value <= Decimal(high):
            raise ValueError(f'"{value:f}" is not {_IN_QUOTES} {wanted}, as in "0.98"')
        return value

    return AfterValidator(check)


def _rounded(value: Decimal) -> Decimal:
    rounded = decimal(value)
    return value if rounded == value else rounded  # as it was written, where it can stay


_ROUNDED = AfterValidator(_rounded)
"""After the bounds: what is a little beyond one must not be rounded into it."""


def _decimal_schema(wanted: str = "", rule: str = "true") -> WithJsonSchema:
    message = f"'\"' + self + '\" is not {_IN_QUOTES}{wanted and ' ' + wanted}, as in \"0.98\"'"
    return WithJsonSchema(
        {
            "type": "string",
            "pattern": _DECIMAL_PATTERN,
            "maxLength": 32,
            "x-kubernetes-validations": [
                {"rule": f"self.matches(r'{_DECIMAL_PATTERN}') && {rule}", "messageExpression": message}
            ],
        }
    )


def _shape(pattern: str, wanted: str) -> AfterValidator:
    """Refuses a string that doesn't match, in words; `wanted` continues "... is not "."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"{value!r} is not {wanted}")
        return value

    return AfterValidator(check)


def shape_schema(pattern: str, wanted: str, max_length: int) -> WithJsonSchema:
    """The same for the API server, whose own answer to a pattern is the pattern."""
    rule = {"rule": f"self.matches(r'{pattern}')", "messageExpression": f"'\"' + self + '\" is not {wanted}'"}
    schema = {"type": "string", "pattern": pattern, "maxLength": max_length, "x-kubernetes-validations": [rule]}
    return WithJsonSchema(schema)


_SERIALIZER = PlainSerializer(format_decimal, return_type=str)

Figure = Annotated[Decimal, BeforeValidator(_only_strings), _ROUNDED, _SERIALIZER, _decimal_schema()]
"""Any decimal, negative too. Like every figure of the API it keeps six significant digits."""

_NOT_NEGATIVE = "of 0 or more"
Amount = Annotated[
    Decimal,
    BeforeValidator(_only_strings),
    _bounded("0", "999999999999999", _NOT_NEGATIVE),
    _ROUNDED,
    _SERIALIZER,
    _decimal_schema(_NOT_NEGATIVE, "double(self) >= 0.0"),
]
"""A decimal that can't be negative: energy, money, time."""

_UP_TO_ONE = "from 0 to 1"
Fraction = Annotated[
    Decimal,
    BeforeValidator(_only_strings),
    _bounded("0", "1", _UP_TO_ONE),
    _ROUNDED,
    _SERIALIZER,
    _decimal_schema(_UP_TO_ONE, "double(self) >= 0.0 && double(self) <= 1.0"),
]
"""A decimal from 0 to 1."""

_DURATION_PATTERN = r"^([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?$"


def duration_seconds(value: str) -> int:
    """Seconds of a duration such as `72h` or `1h30m`."""
    parts = re.fullmatch(_DURATION_PATTERN, value)
    if parts is None or not value:
        raise ValueError(f"{value!r} is not a duration such as 72h, 90m or 1h30m")
    hours, minutes, seconds = (int(part[:-1]) if part else 0 for part in parts.groups())
    return 3600 * hours + 60 * minutes + seconds


_DURATION = "a duration such as 72h, 90m or 1h30m"


def _duration(value: str) -> str:
    duration_seconds(value)
    return value


Duration = Annotated[
    str,
    StringConstraints(max_length=24),
    AfterValidator(_duration),
    shape_schema(r"^([0-9]{1,6}h([0-9]{1,6}m)?([0-9]{1,6}s)?|[0-9]{1,6}m([0-9]{1,6}s)?|[0-9]{1,6}s)$", _DURATION, 24),
]

_LABEL_PATTERN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
_LABEL = "a name of lower-case letters, digits and dashes, as in current-v2"
DnsLabel = Annotated[
    str,
    StringConstraints(max_length=63),
    _shape(_LABEL_PATTERN, _LABEL),
    shape_schema(_LABEL_PATTERN, _LABEL, 63),
]

_CRON_JOB = "the name of a CronJob: at most 52 lower-case letters, digits, dots and dashes, as in nightly-training"
_CRON_JOB_PATTERN = r"^[a-z0-9]([-a-z0-9.]{0,50}[a-z0-9])?$"
CronJobName = Annotated[
    str,
    StringConstraints(max_length=52),
    _shape(_CRON_JOB_PATTERN, _CRON_JOB),
    shape_schema(_CRON_JOB_PATTERN, _CRON_JOB, 52),
]

_RECIPE_PATTERN = r"^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$"
_RECIPE = "a name of letters, digits, dots, dashes and underscores, as in adam-1e-3"
Recipe = Annotated[
    str,
    StringConstraints(max_length=63),
    _shape(_RECIPE_PATTERN, _RECIPE),
    shape_schema(_RECIPE_PATTERN, _RECIPE, 63),
]

_CURRENCY_PATTERN = r"^[A-Z]{3}$"
_CURRENCY = "a currency of three capital letters, as in EUR"
Currency = Annotated[
    str,
    StringConstraints(max_length=3),
    _shape(_CURRENCY_PATTERN, _CURRENCY),
    shape_schema(_CURRENCY_PATTERN, _CURRENCY, 3),
]

_ZONE_PATTERN = r"^[A-Z]{2,4}(-[A-Z0-9]{1,8}){0,3}$"
_ZONE = "a zone as Electricity Maps names it, as in FR, DK-DK2 or US-CAL-CISO"
ElectricityMapsZone = Annotated[
    str,
    StringConstraints(max_length=32),
    _shape(_ZONE_PATTERN, _ZONE),
    shape_schema(_ZONE_PATTERN, _ZONE, 32),
]

ObjectName = Annotated[str, StringConstraints(max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]

_ELLIPSIS = "…"


def shortened(text: str, limit: int) -> str:
    """`text` in at most `limit` characters; an ellipsis shows a cut."""
    return text if len(text) <= limit else text[: limit - 1] + _ELLIPSIS


def _cut_to(limit: int) -> BeforeValidator:
    """Words for people are cut to what a status holds; that they are long must never cost the answer they belong to."""
    return BeforeValidator(lambda value: shortened(value, limit) if isinstance(value, str) else value)


MAX_TEXT = 600
MAX_NOTE = 120

Text = Annotated[str, _cut_to(MAX_TEXT), StringConstraints(max_length=MAX_TEXT)]
"""Sentences for a person, with room for a whole command; cut where longer."""
Sentence = Annotated[Text, StringConstraints(min_length=1)]
"""What is wrong, and what would be accepted; never empty."""
Note = Annotated[str, _cut_to(MAX_NOTE), StringConstraints(max_length=MAX_NOTE)]
"""A remark in one line; cut where longer."""
ShortText = Annotated[str, StringConstraints(max_length=256)]
MAX_REASON = 48
Reason = Annotated[str, StringConstraints(max_length=MAX_REASON, pattern=r"^[A-Za-z]([A-Za-z0-9]*[A-Za-z0-9])?$")]
"""A CamelCase code for programs."""
Count = Annotated[int, Field(ge=0, le=10**12)]
"""Of samples, or of whatever else is counted."""
Number = Annotated[int, Field(ge=1, le=10**12)]
"""Of what there is at least one."""
MAX_STEPS = 10_000_000
Steps = Annotated[int, Field(ge=0, le=MAX_STEPS)]
"""Steps of an optimiser."""
BatchSize = Annotated[int, Field(ge=1, le=65536)]
"""Samples in one step or pass."""
Shards = Annotated[int, Field(ge=1, le=16)]
"""How many pods share one assessment."""
Hours = Annotated[int, Field(ge=0, le=24)]
"""Of one day."""
Attempt = Annotated[int, Field(ge=1, le=100)]
"""Which try this is."""
Generation = Annotated[int, Field(ge=0, le=10**15)]
"""The API server's number of a spec."""
LayerName = Annotated[str, StringConstraints(max_length=256, min_length=1)]
Sha256 = Annotated[str, StringConstraints(max_length=71, pattern=r"^sha256:[0-9a-f]{64}$")]
Uid = Annotated[str, StringConstraints(max_length=64)]
Identity = Annotated[str, StringConstraints(max_length=512)]
_FACTORY_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*([.][A-Za-z_][A-Za-z0-9_]*)*:[A-Za-z_][A-Za-z0-9_]*$"
_FACTORY = "the name of a callable, package.module:function"
Factory = Annotated[
    str,
    StringConstraints(max_length=256),
    _shape(_FACTORY_PATTERN, _FACTORY),
    shape_schema(_FACTORY_PATTERN, _FACTORY, 256),
]
"""An importable callable, `package.module:function`."""


def _utc(value: datetime) -> datetime:
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)


Time = Annotated[
    datetime,
    AfterValidator(_utc),
    PlainSerializer(lambda value: value.strftime("%Y-%m-%dT%H:%M:%SZ"), return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "maxLength": 64}),
]

Uri = Annotated[str, StringConstraints(max_length=1024), AfterValidator(check_uri), WithJsonSchema(uri_schema())]
"""Where weights, data or code lie. Scheme `pvc` mounts itself read-only."""

OpenObject = Annotated[
    dict[str, Any],
    Field(max_length=64),
    WithJsonSchema({"type": "object", "x-kubernetes-preserve-unknown-fields": True}),
]
"""Part of a Kubernetes object that the API server validates when it is created, not before."""
