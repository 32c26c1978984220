"""docs/security.md names a test for each control: those tests are there."""

import re
from pathlib import Path

import pytest

from cluster.gate.attempts import ALL, without_stamping

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/security.md").read_text()
CODE = re.findall(r"`([^`\n]+)`", PAGE)
ATTEMPTS = {each.id for each in (*ALL, *without_stamping.ATTEMPTS)}


@pytest.mark.parametrize("name", [each for each in CODE if "/test_" in each or "/attempts/" in each])
def test_a_test_that_the_page_names_is_there(name: str) -> None:
    path, _, function = name.partition("::")
    source = (ROOT / "tests" / path).read_text()
    assert not function or re.search(rf"^(async )?def {function}\(|^{function} = ", source, re.MULTILINE)


def test_every_attempt_that_the_page_names_is_in_the_table() -> None:
    rows = re.findall(r"attempts? ((?:`[a-z-]+`(?:, )?)+)", PAGE)
    named = {name for row in rows for name in re.findall(r"`([a-z-]+)`", row)}
    assert len(named) > 30
    assert named <= ATTEMPTS
