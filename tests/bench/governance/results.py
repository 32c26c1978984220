"""What is known of each mutant, kept between runs: a benchmark that takes hours must survive being stopped.

A result counts for the sources that it was made with. Whoever changes a rule or its tests makes it void.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


def fingerprint(paths: Iterable[Path]) -> str:
    """A hash of these files' names and bytes."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


@dataclass
class Results:
    """Results by part of the benchmark and by mutant, in one JSON file."""

    path: Path
    known: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> "Results":
        """Those of earlier runs; none where there is no file."""
        return cls(path, json.loads(path.read_text()) if path.is_file() else {})

    def of(self, part: str, sources: str) -> dict[str, Any]:
        """The results of a part, by mutant; empty when they were made with other sources."""
        there = self.known.get(part, {})
        if there.get("sources") != sources:
            there = {"sources": sources, "by_id": {}}
            self.known[part] = there
        by_id: dict[str, Any] = there["by_id"]
        return by_id

    def save(self) -> None:
        """Write them down; the file is whole whenever this is interrupted."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps(self.known, indent=1, sort_keys=True))
        part.replace(self.path)
