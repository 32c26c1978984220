"""The folders of a campaign: the site's claims as a trainer finds them, and one more, with the data of the run at hand.

A trainer reads what its plan names, at `pvc://claim/path` below one folder (docs/predictions.md). So that folder is
made anew: a link to each claim of the site, and a claim of ours beside them that the plan names instead of the check's
new data, evaluation data and output. Nothing of the site's is written.
"""

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from modelreuse.api import DataSource, DataSources, ModelReuseCheckSpec, ModelSource
from modelreuse.calibration.formats import FORMATS
from modelreuse.calibration.samples import Samples
from modelreuse.worker import Places, TaskError

CLAIM = "modelreuse-calibration"
OUTPUT = f"pvc://{CLAIM}/candidates"
REPORTS = f"pvc://{CLAIM}/reports"


class Site:
    """A folder that exists and is empty becomes the root of all claims. suffix: of the data files."""

    def __init__(self, root: Path, claims: Mapping[str, Path], suffix: str) -> None:
        self.root = root
        self._new, self._evaluation = (root / CLAIM / f"{name}{suffix}" for name in ("new", "evaluation"))
        for name, folder in claims.items():
            (root / name).symlink_to(folder.resolve(), target_is_directory=True)
        (root / CLAIM).mkdir()

    @property
    def places(self) -> Places:
        """For our worker's code."""
        return Places(claims_root=self.root)

    def data(self, check: DataSources) -> DataSources:
        """The check's data with our files in place of its new and evaluation data."""
        new, evaluation = (DataSource(uri=f"pvc://{CLAIM}/{path.name}") for path in (self._new, self._evaluation))
        return check.model_copy(update={"new": new, "evaluation": evaluation})

    def lay_out(self, samples: Samples) -> str:
        """Makes or replaces these files: the part to learn from is new. Gives `sha256:...` of that."""
        write = FORMATS[self._new.suffix]
        write(self._new, samples.learning)
        write(self._evaluation, samples.evaluation)
        with self._new.open("rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"

    @contextmanager
    def output(self) -> Iterator[str]:
        """An empty folder for one trainer's artefacts, as its plan names it; gone afterwards."""
        folder = self.root / OUTPUT.removeprefix("pvc://")
        folder.mkdir()
        try:
            yield OUTPUT
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def suffix_of(data: DataSources) -> str:
    """Of the files that the site's trainer reads. Raises TaskError for what can't be written for it."""
    known = f"calibration shifts {' and '.join(FORMATS)} files"
    for name, source in (("reference", data.reference), ("new", data.new)):
        if source.factory is not None:
            detail = f"{source.factory!r}: only your own code knows this format; {known}"
            raise TaskError("UnknownFormat", f"spec.data.{name}.factory", detail)
    for suffix in FORMATS:
        if data.new.uri.endswith(suffix):
            return suffix
    raise TaskError("UnknownFormat", "spec.data.new.uri", f"{data.new.uri!r}: {known}")


def claims_of(spec: ModelReuseCheckSpec, model: ModelSource) -> set[str]:
    """Names of the claims that a trainer of this model may read."""
    uris = [model.uri, *(source.uri for source in spec.data_of(model).sources)]
    uris += [spec.code.uri] if spec.code else []
    return {uri.removeprefix("pvc://").partition("/")[0] for uri in uris if uri.startswith("pvc://")}
