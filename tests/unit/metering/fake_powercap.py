"""An imitation of /sys/class/powercap: https://docs.kernel.org/power/powercap/powercap.html."""

from pathlib import Path


def add_zone(powercap: Path, folder: str, name: str, energy_uj: int, range_uj: int = 262_143_328_850) -> Path:
    """One counter with the files that are read."""
    zone = powercap / folder
    zone.mkdir(parents=True)
    (zone / "name").write_text(f"{name}\n")
    (zone / "max_energy_range_uj").write_text(f"{range_uj}\n")
    count(zone, energy_uj)
    return zone


def count(zone: Path, energy_uj: int) -> None:
    """Set the counter."""
    (zone / "energy_uj").write_text(f"{energy_uj}\n")
