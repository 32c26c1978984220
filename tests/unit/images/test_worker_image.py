"""What the worker's image sets, as far as something else relies on it."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_scores_are_timed_with_the_allocator_settings_of_the_image() -> None:
    settings = re.findall(r"(MALLOC_\w+)=(\d+)", (ROOT / "images/worker/Containerfile").read_text())
    timed = re.findall(r"bench-scores: export (MALLOC_\w+) := (\d+)", (ROOT / "Makefile").read_text())
    assert settings == timed != []
