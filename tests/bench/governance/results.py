"""What is known of each mutant, kept between runs: a benchmark that takes hours must survive being stopped.

A mutant is known by what it consists of. Whether it is noticed depends on more: on the tests, and on rules elsewhere
that may do the same; where any of these have changed, all of them are tried again.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


def identity(name: str, content: str) -> str:
    """A name that is another one when the content is."""
    return f"{name} #{hashlib.sha256(content.encode()).hexdigest()[:8]}"


def fingerprint(paths: Iterable[Path]) -> str:
    """A hash of these files' names and bytes."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


@dataclass
class Results:
    """Results by what was tried, in one JSON file."""

    path: Path
    known: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> "Results":
        """Those of earlier runs; none where there is no file."""
        return cls(path, json.loads(path.read_text()) if path.is_file() else {})

    def found_with(self, state: str) -> "Results":
        """Those that were found with all that matters in this state (a fingerprint)."""
        return Results(self.path, {key: each for key, each in self.known.items() if each.get("state") == state})

    def save(self) -> None:
        """Write them down; the file is whole whenever this is interrupted."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps(self.known, indent=1, sort_keys=True))
        part.replace(self.path)
