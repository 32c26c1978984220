"""Where the study keeps things."""

from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parents[2]
BASES: Final = CHECKOUT / "build" / "study" / "bases"
PILOT: Final = CHECKOUT / "build" / "study" / "pilot"
RECORDS: Final = CHECKOUT / "tools" / "study" / "records"
SPLIT: Final = CHECKOUT / "tools" / "study" / "split.yaml"
