"""`modelreuse promote-check`: for pipelines, whether exactly this artefact may be promoted."""

import re
import sys
from pathlib import Path
from typing import Any

from modelreuse.api import Failure
from modelreuse.cli import stored
from modelreuse.cli.problems import OTHER, Problem
from modelreuse.cli.stored import Place
from modelreuse.decisions import promotable

_SHA256 = re.compile(r"(sha256:)?[0-9a-f]{64}")


def run(uri: str, sha256: str | None, file: Path | None, place: Place) -> None:
    """Prints which check allows it. Raises Problem: with exit status 1 for a no, 2 where there is no answer."""
    if sha256 is not None and not _SHA256.fullmatch(sha256):
        raise Problem(
            f"--sha256 {sha256}: give 64 hexadecimal digits in lower case, with or without sha256: before them"
        )
    wanted = f"sha256:{sha256.removeprefix('sha256:')}" if sha256 is not None else None
    found = stored.in_file(file, place) if file is not None else stored.checks(place)
    naming = [stored.parsed_check(each) for each in found.checks if _artefact(each) == uri]
    answer = promotable(naming, uri, wanted)
    if isinstance(answer, Failure):
        raise Problem(f"not allowed: {answer.reason}: {answer.message}", OTHER)
    sys.stdout.write(f"{answer.uri} {answer.sha256}: allowed by {answer.namespace}/{answer.check}: {answer.message}\n")


def _artefact(served: Any) -> object:
    """The URI that a check's retraining left: only checks that name ours need to be readable."""
    for field in ("status", "retraining", "artifactUri"):
        served = served.get(field) if isinstance(served, dict) else None
    return served
