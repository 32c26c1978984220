"""CPU energy from the kernel's powercap counters (Intel RAPL; AMD processors have the same files).

Counters are whole-package: everything that runs on the socket is in them. Since kernel 5.10 only root may read them
(CVE-2020-8694), and virtual machines rarely have them. Layout: https://docs.kernel.org/power/powercap/powercap.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from modelreuse.metering.measurement import EnergyBasis, EnergyComponent

POWERCAP: Final = Path("/sys/class/powercap")


@dataclass
class Zone:
    """One counter: total microjoules since the start, unwrapped by reading it at least once per wrap-around.

    folder holds energy_uj, which counts up to max_energy_range_uj and starts again at 0.
    """

    folder: Path
    name: str
    range_uj: int
    last_uj: int
    spent_uj: int = 0

    def read(self) -> None:
        """Add what was spent since the last reading. Raises OSError or ValueError if the file cannot be read."""
        now = int((self.folder / "energy_uj").read_text())
        step = now - self.last_uj
        self.spent_uj += step if step >= 0 else step + self.range_uj
        self.last_uj = now


class RaplUnavailable(Exception):  # noqa: N818 - an answer, not a failure
    """CPU energy cannot be read here; `str()` says why."""


class Rapl:
    """Energy of all CPU packages and their memory since the object was made.

    Raises RaplUnavailable on creation and on reading if there is no counter or it may not be read.
    """

    def __init__(self, powercap: Path = POWERCAP) -> None:
        self.zones = _zones(powercap)

    def read(self) -> None:
        """Read all counters; to be called at least once per wrap-around (about 40 minutes at 100 W)."""
        for zone in self.zones:
            try:
                zone.read()
            except (OSError, ValueError) as error:
                raise RaplUnavailable(f"{zone.folder / 'energy_uj'} became unreadable: {_short(error)}") from error

    def component(self) -> EnergyComponent | None:
        """Energy between creation and the latest reading, Measured; None where the counters have not advanced."""
        joules = sum(zone.spent_uj for zone in self.zones) / 1e6
        if joules <= 0:
            return None
        note = f"all that ran on {', '.join(zone.name for zone in self.zones)}, other processes included"
        return EnergyComponent("cpu", joules, EnergyBasis.MEASURED, "rapl", note)


def _zones(powercap: Path) -> list[Zone]:
    """Packages, and memory where it is counted apart. Not their sub-zones `core` and `uncore`, which packages include,
    not `psys`, which includes packages, and not `intel-rapl-mmio`, which shows the same packages again.
    """
    if not powercap.is_dir():
        raise RaplUnavailable(f"no energy counter: {powercap} does not exist")
    zones = []
    for folder in sorted(powercap.iterdir()):
        if not re.fullmatch(r"intel-rapl:\d+(:\d+)?", folder.name):
            continue
        try:
            name = (folder / "name").read_text().strip()
            if name.startswith("package") or name == "dram":
                start = int((folder / "energy_uj").read_text())
                zones.append(Zone(folder, name, int((folder / "max_energy_range_uj").read_text()), start))
        except PermissionError as error:
            raise RaplUnavailable(f"{folder / 'energy_uj'} may be read by root only") from error
        except (OSError, ValueError) as error:
            raise RaplUnavailable(f"{folder} cannot be read: {_short(error)}") from error
    if not zones:
        raise RaplUnavailable(f"no CPU package among the energy counters in {powercap}")
    return zones


def _short(error: Exception) -> str:
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else "not a whole number"
