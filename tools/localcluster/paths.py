"""Where things lie: what outlives a clone (binaries, Go) in the user's cache, what belongs to one cluster in the
checkout's build folder.
"""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from localcluster.components import CHECKOUT
from localcluster.errors import ClusterError
from localcluster.processes import marked_folders

CLUSTERS = CHECKOUT / "build" / "cluster"
IMAGE_STORES = CHECKOUT / "build" / "node-images"

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")


def cache() -> Path:
    """The folder outside the checkout that every clone of this user shares."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base else Path.home() / ".cache") / "model-reuse-operator"


@dataclass(frozen=True)
class ClusterPaths:
    """Everything that one named cluster of this checkout writes.

    `folder` vanishes with the cluster; `image_store` stays, because importing gigabytes of images again costs minutes.
    """

    name: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ClusterError(
                f'cluster name "{self.name}": expected lower-case letters, digits and dashes, at most 32'
            )

    @property
    def folder(self) -> Path:
        """State of the running cluster."""
        return CLUSTERS / self.name

    @property
    def image_store(self) -> Path:
        """The root of containerd: unpacked images."""
        return IMAGE_STORES / self.name

    @property
    def lock(self) -> Path:
        """Held by whoever starts or stops this cluster; outside `folder` so that removing that doesn't remove the
        lock.
        """
        return CLUSTERS / f".{self.name}.lock"

    @property
    def logs(self) -> Path:
        """One log file per server."""
        return self.folder / "logs"

    @property
    def processes(self) -> Path:
        """One record per server."""
        return self.folder / "processes"

    @property
    def certificates(self) -> Path:
        """Keys and certificates."""
        return self.folder / "certificates"

    @property
    def kubeconfigs(self) -> Path:
        """One kubeconfig per user."""
        return self.folder / "kubeconfigs"

    @property
    def audit_log(self) -> Path:
        """What the API server was asked, and by whom."""
        return self.folder / "audit.log"

    @property
    def identity(self) -> str:
        """Eight hexadecimal digits that name this cluster machine-wide; two checkouts may both have a cluster `demo`.

        Interfaces and cgroups carry it, so that they are found again even when every file about them is lost.
        """
        return hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:8]


def names_with_images() -> list[str]:
    """Names of the clusters, running or not, whose node keeps imported images; sorted."""
    return sorted(path.name for path in IMAGE_STORES.iterdir() if path.is_dir()) if IMAGE_STORES.is_dir() else []


def known_names() -> list[str]:
    """Names of the clusters of this checkout that have files or, should those be lost, any process; sorted."""
    folders = list(CLUSTERS.iterdir()) if CLUSTERS.is_dir() else []
    running = (folder for folder in map(Path, marked_folders()) if folder.parent == CLUSTERS)
    names = {path.name for path in (*filter(Path.is_dir, folders), *running)}
    return sorted(filter(_NAME.fullmatch, names))
