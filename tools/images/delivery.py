"""Brings built images into a local cluster, and of each only the layers that the cluster doesn't have yet."""

import json
import shutil
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from images.layout import Layout
from images.progress import say, signs_of_life
from localcluster import Cluster
from localcluster.errors import UnsuitableMachineError

_COPIES = 2
"""A node keeps each layer as it came and unpacked, and layers are not compressed."""
_SPARE_BYTES = 1 << 30
"""What pods may write, beyond the hundredth of the disk below which the kubelet evicts them."""


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


def require_room(store: Path, new_bytes: int, *, free_bytes: int, disk_bytes: int) -> None:
    """Raise UnsuitableMachineError where so many bytes of new layers don't fit into this image store."""
    needed = new_bytes * _COPIES + _SPARE_BYTES + disk_bytes // 100
    if new_bytes and free_bytes < needed:
        raise UnsuitableMachineError(
            f"{store}: the images need {needed / 1e9:.1f} GB of disk and {free_bytes / 1e9:.1f} GB are free; "
            "make room, for example by removing the image stores of other clusters beside it"
        )


def deliver(layout: Layout, names: list[str], cluster_name: str) -> None:
    """Import these images into the running cluster.

    Raises UnsuitableMachineError where the disk has no room for them.
    """
    cluster = Cluster.named(cluster_name)
    store = cluster.paths.image_store
    given = Given(store / "given-blobs.json")
    new = {digest for name in names for digest in layout.blobs(name)} - given.blobs()
    disk = shutil.disk_usage(store)
    require_room(store, layout.size(new), free_bytes=disk.free, disk_bytes=disk.total)
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
