"""CostProfile: what a site's hardware draws, emits and costs. Every figure names its source or says it is assumed."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from modelreuse.api.check import MAX_HARDWARE, Failure, Metadata
from modelreuse.api.conditions import Condition
from modelreuse.api.policy import LabelSelector
from modelreuse.api.types import (
    Amount,
    ApiModel,
    Count,
    Currency,
    DnsLabel,
    ElectricityMapsZone,
    Fraction,
    Generation,
    Hours,
    ShortText,
    StatusModel,
    Time,
)

CALIBRATED: Final = "Calibrated"
"""The condition that says whether predicted intervals hold as often as they say."""
GRID_CURRENT: Final = "GridIntensityCurrent"
"""The condition that says whether predictions are made by what Electricity Maps tells; there where it is asked."""


_NO_SPEED = "gigaflopsPerSecond and gigabytesPerSecond must be more than 0"


class Roofline(ApiModel):
    """How fast one accelerator, or one CPU core, trains: what `modelreuse roofline` measured on it."""

    gigaflops_per_second: Amount
    """Billions of floating-point operations, the most that a training step reached."""
    gigabytes_per_second: Amount
    """Billions of bytes that its operations read and write, likewise."""
    microseconds_per_launch: Amount
    """Of one operation with next to nothing to do; of the machine, not of a core."""
    source: ShortText
    """Where the figures come from."""

    model_config = ConfigDict(
        json_schema_extra={
            "x-kubernetes-validations": [
                {
                    "rule": "double(self.gigaflopsPerSecond) > 0.0 && double(self.gigabytesPerSecond) > 0.0",
                    "message": _NO_SPEED,
                }
            ]
        }
    )

    @model_validator(mode="after")
    def _speeds_are_positive(self) -> "Roofline":
        if not (self.gigaflops_per_second and self.gigabytes_per_second):
            raise ValueError(_NO_SPEED)
        return self


class Hardware(ApiModel):
    """One kind of accelerator or CPU, recognised by its node's labels."""

    name: DnsLabel
    node_selector: LabelSelector = LabelSelector()
    """The first entry that selects the node counts; empty selects every node."""
    power_watts: Amount
    """Under load: of one accelerator, or of one CPU core."""
    source: ShortText
    """Where the power figures come from: a meter, a data sheet, a guess."""
    embodied_kg_co2e: Annotated[Amount | None, Field(alias="embodiedKgCo2e")] = None
    """Emissions of making one accelerator, or one CPU core's share of its machine; left out, a wide Assumed range."""
    lifetime_hours: Annotated[int, Field(ge=1, le=1_000_000)] = 35_040
    """Over which the embodied emissions are spread; four years unless given."""
    price_per_hour: Amount | None = None
    """Of one accelerator, or one CPU core, in the profile's currency."""
    roofline: Roofline | None = None
    """Tells what steps take here that were measured elsewhere; without it, nothing does."""


_OWN_FIGURES = "a site's own gramsPerKwh need source and year; without any, the zone's of the shipped table counts"


class ElectricityMaps(ApiModel):
    """The grid's intensity of late, from api.electricitymaps.com by the key that the operator was given."""

    zone: ElectricityMapsZone
    """As Electricity Maps names it: FR, DK-DK2, US-CAL-CISO."""


class Grid(ApiModel):
    """The carbon intensity of the site's electricity."""

    zone: Annotated[str, StringConstraints(max_length=32)]
    """ISO 3166-1 alpha-3 (FRA) or ISO 3166-2 (US-CA) where the shipped table is to tell its intensity."""
    location_grams_per_kwh: Amount | None = None
    """gCO2e per kWh, average of the grid; left out, what docs/grid.md lists for the zone."""
    market_grams_per_kwh: Amount | None = None
    """gCO2e per kWh by the site's contracts."""
    source: ShortText | None = None
    year: Annotated[int | None, Field(ge=1990, le=2100)] = None
    electricity_maps: ElectricityMaps | None = None
    """Asks for the mean of the last 24 hours; while none is known, what would count without this does."""

    model_config = ConfigDict(
        json_schema_extra={
            "x-kubernetes-validations": [
                {
                    "rule": "!has(self.locationGramsPerKwh) && !has(self.marketGramsPerKwh) || "
                    "has(self.source) && has(self.year)",
                    "message": _OWN_FIGURES,
                }
            ]
        }
    )

    @model_validator(mode="after")
    def _own_figures_have_a_source(self) -> "Grid":
        own = self.location_grams_per_kwh is not None or self.market_grams_per_kwh is not None
        if own and (self.source is None or self.year is None):
            raise ValueError(_OWN_FIGURES)
        return self


class Prices(ApiModel):
    """What things cost."""

    currency: Currency
    per_kwh: Amount
    per_label: Amount | None = None
    """Of labelling one sample. Without it, or the next, no return is shown: nothing unknown counts as nothing."""
    per_validation: Amount | None = None
    """Of putting one retrained model through whatever must pass before it serves: people's time, most of all."""


_PUE = "pue is at least 1: the site can't use less energy than its computers"


class CostProfileSpec(ApiModel):
    """A site: its hardware, its grid, its prices."""

    accelerators: Annotated[
        list[Hardware],
        Field(max_length=MAX_HARDWARE, json_schema_extra={"x-kubernetes-list-type": "atomic"}),
    ] = []
    cpus: Annotated[
        list[Hardware],
        Field(min_length=1, max_length=MAX_HARDWARE, json_schema_extra={"x-kubernetes-list-type": "atomic"}),
    ]
    pue: Amount = Decimal("1.0")
    """Power usage effectiveness: the site's total energy over that of its computers; at least 1."""
    grid: Grid
    prices: Prices | None = None
    trusted_namespaces: Annotated[list[DnsLabel], Field(max_length=64)] = []
    """Namespaces whose imported records calibrate predictions here."""

    model_config = ConfigDict(
        json_schema_extra={
            "x-kubernetes-validations": [
                {
                    "rule": "double(self.pue) >= 1.0",
                    "message": _PUE,
                    "fieldPath": ".pue",
                }
            ]
        }
    )

    @model_validator(mode="after")
    def _pue_is_at_least_one(self) -> "CostProfileSpec":
        if self.pue < 1:
            raise ValueError(_PUE)
        return self


class Unheard(StrEnum):
    """Why Electricity Maps has told nothing that counts."""

    NOT_ASKED = "ElectricityMapsNotAsked"
    KEY_MISSING = "ElectricityMapsKeyMissing"
    KEY_REFUSED = "ElectricityMapsKeyRefused"
    SANDBOX = "ElectricityMapsSandbox"
    ZONE_UNKNOWN = "ElectricityMapsZoneUnknown"
    BUSY = "ElectricityMapsBusy"
    UNREACHABLE = "ElectricityMapsUnreachable"
    UNREADABLE = "ElectricityMapsUnreadable"
    OUTDATED = "ElectricityMapsOutdated"


NEEDS_PEOPLE: Final = frozenset({Unheard.KEY_MISSING, Unheard.KEY_REFUSED, Unheard.SANDBOX, Unheard.ZONE_UNKNOWN})
"""Of these, what doesn't heal by itself."""


class GridReading(StatusModel):
    """A mean of hourly intensities, life cycle, of what is consumed in the zone."""

    grams_per_kwh: Amount
    """gCO2e per kWh."""
    begins_at: Time
    ends_at: Time
    hours: Hours
    """How many of the hours between had a figure."""
    estimated_hours: Hours
    """How many of these Electricity Maps had estimated rather than computed from measured production."""


class ElectricityMapsStatus(StatusModel):
    """What Electricity Maps has told of a zone."""

    zone: ElectricityMapsZone
    asked_at: Time
    ask_again_at: Time
    """Not before; a restart of the operator asks no earlier."""
    reading: GridReading | None = None
    """The last one that there was."""
    failure: Failure | None = None
    """Why the last question brought none."""


class CostProfileStatus(StatusModel):
    """What the operator, which alone writes it, knows of the grid, and how good predictions by this profile were."""

    observed_generation: Generation | None = None
    conditions: Annotated[
        list[Condition],
        Field(
            max_length=4, json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}
        ),
    ] = []
    own_records: Count = 0
    """Retrainings of the operator, in namespaces that this profile governs, that predictions learn from."""
    imported_records: Count = 0
    """The same of imports, from namespaces that the profile trusts."""
    judged: Count = 0
    """Recent retrainings, at most 20, that were predicted with a point and met their target."""
    median_factor: Amount | None = None
    """Half of their points were within this factor of the steps that the trainer reported."""
    baseline: ShortText | None = None
    """The free guess that did best on the same retrainings."""
    baseline_median_factor: Amount | None = None
    """Half of its points were within this factor."""
    claims: Count = 0
    """Recent retrainings, at most 20, that were predicted with an interval from records (Estimated)."""
    coverage: Fraction | None = None
    """The share of these that ended within the interval; 0.8 is promised."""
    electricity_maps: ElectricityMapsStatus | None = None
    updated_at: Time | None = None
    """When any of this last changed."""


class CostProfile(StatusModel):
    """The custom resource as the API server serves it. Cluster-scoped."""

    api_version: Literal["modelreuse.io/v1alpha1"] = "modelreuse.io/v1alpha1"
    kind: Literal["CostProfile"] = "CostProfile"
    metadata: Metadata
    spec: CostProfileSpec
    status: CostProfileStatus = CostProfileStatus()

    @classmethod
    def parse(cls, served: dict[str, Any]) -> "CostProfile":
        """The resource from the API server's JSON. Raises pydantic.ValidationError naming the field."""
        return cls.model_validate(served)
