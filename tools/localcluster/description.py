"""What is written down about a cluster that is up; it appears last when one starts, so that its absence means `start
anew`.
"""

import json
from dataclasses import asdict, dataclass

from localcluster.components import Level
from localcluster.control_plane import Endpoint
from localcluster.kubeconfig import write_private
from localcluster.paths import ClusterPaths


@dataclass(frozen=True)
class Description:
    """A complete cluster."""

    level: Level
    audit: bool
    endpoint: Endpoint

    def covers(self, level: Level, *, audit: bool) -> bool:
        """Whether somebody who asks for this gets it from the cluster as it runs."""
        return self.level.includes(level) and (self.audit or not audit)

    def write(self, paths: ClusterPaths) -> None:
        """Record that the cluster is complete."""
        write_private(paths.folder / "cluster.json", json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def read(cls, paths: ClusterPaths) -> "Description | None":
        """The record of a cluster that was complete once; None where there is none."""
        try:
            document = json.loads((paths.folder / "cluster.json").read_text())
        except FileNotFoundError:
            return None
        return cls(Level(document["level"]), document["audit"], Endpoint(**document["endpoint"]))
