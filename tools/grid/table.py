"""One line of the table."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Figure:
    """A zone's intensity. zone: ISO 3166-1 alpha-3 or ISO 3166-2. grams_per_kwh: gCO2e, mean of the year."""

    zone: str
    name: str
    year: int
    grams_per_kwh: float
    source: str


def write(file: Path, figures: Iterable[Figure]) -> None:
    """As CSV with a header, intensities with four significant digits."""
    with file.open("w", newline="") as out:
        lines = csv.writer(out, lineterminator="\n")
        lines.writerow(["zone", "name", "year", "gramsPerKwh", "source"])
        for each in figures:
            lines.writerow([each.zone, each.name, each.year, f"{each.grams_per_kwh:.4g}", each.source])
