"""Brings built images into a local cluster, and of each only the layers that the cluster doesn't have yet."""

import json
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from images.layout import Layout
from images.progress import say, signs_of_life
from localcluster import Cluster


@dataclass(frozen=True)
class Given:
    """What a cluster's image store was given; lies in that store, so that both vanish together."""

    file: Path

    def blobs(self) -> set[str]:
        """Digests of the blobs that are there."""
        return set(json.loads(self.file.read_text())) if self.file.exists() else set()

    def add(self, digests: list[str]) -> None:
        """Remember more."""
        partial = self.file.with_name(f".{self.file.name}.partial")
        partial.write_text(json.dumps(sorted({*self.blobs(), *digests}), indent=1) + "\n")
        partial.replace(self.file)


def deliver(layout: Layout, names: list[str], cluster_name: str) -> None:
    """Import these images into the running cluster."""
    cluster = Cluster.named(cluster_name)
    given = Given(cluster.paths.image_store / "given-blobs.json")
    for name in names:
        blobs = layout.blobs(name)
        missing = [digest for digest in blobs if digest not in given.blobs()]
        if not missing:
            say(f"{name}: the cluster {cluster_name} has it")
            continue
        started = time.monotonic()
        say(f"{name}: {layout.size(missing) / 1e6:.0f} of {layout.size(blobs) / 1e6:.0f} MB are new to the cluster")
        with signs_of_life("importing"):
            cluster.import_image_stream(partial(layout.write_archive, name, without=given.blobs()))
        given.add(blobs)
        say(f"{name}: in the cluster after {time.monotonic() - started:.0f} s")
