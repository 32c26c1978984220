"""A named cluster, as tests and the command line use it: bring it up, get kubeconfigs for people, take it down.

Every state that a crash can leave is either complete (`cluster.json` exists and all servers live) or thrown away by
the next `up` or `down`.
"""

import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from localcluster import build, cgroups, control_plane, kubeconfig, network, processes
from localcluster.api_server_client import ApiServerClient
from localcluster.certificates import Authority
from localcluster.components import Level
from localcluster.control_plane import LOOPBACK, ControlPlane, Credentials, Endpoint
from localcluster.description import Description
from localcluster.errors import ClusterError
from localcluster.images import import_archives, import_stream
from localcluster.locks import exclusive
from localcluster.node import Node, remove_mount_points
from localcluster.paths import ClusterPaths, known_names, names_with_images


@dataclass(frozen=True)
class Cluster:
    """A cluster of this checkout. As a context manager it goes down at the end."""

    paths: ClusterPaths

    @classmethod
    def named(cls, name: str) -> Self:
        """The cluster of this name, whether it runs or not."""
        return cls(ClusterPaths(name))

    @classmethod
    def all(cls) -> list[Self]:
        """Every cluster of this checkout that has a file or a process."""
        return [cls.named(name) for name in known_names()]

    @classmethod
    def all_with_images(cls) -> list[Self]:
        """Every cluster of this checkout, running or not, that keeps imported images."""
        return [cls.named(name) for name in names_with_images()]

    @classmethod
    def up(cls, *, name: str, level: Level | str = Level.CONTROL_PLANE, audit: bool = False) -> Self:
        """Bring the cluster to at least this level, building what isn't built; objects in a running one survive.

        Raises UnsuitableMachineError where this machine can't, ClusterError with the end of a log when a server
        doesn't start.
        """
        cluster, level = cls.named(name), Level(level)
        bin_folder = build.ensure(level)
        with exclusive(cluster.paths.lock, waiting_for=f"whoever starts or stops cluster {name}"):
            description = Description.read(cluster.paths)
            if description and cluster.is_complete(description):
                if description.covers(level, audit=audit):
                    print(
                        f"cluster {name} is already up at level {description.level}: {description.endpoint.url}",
                        flush=True,
                    )
                    return cluster
                level = Level.NODE if description.level.includes(Level.NODE) else level
                audit = audit or description.audit
                print(f"restarting cluster {name} at level {level}", flush=True)
                cluster._end()
            else:
                if cluster._remove():
                    print(f"removed what was left of an interrupted cluster {name}", flush=True)
            try:
                cluster._start(bin_folder, level, audit=audit)
            except BaseException:
                cluster._end()
                raise
        return cluster

    def down(self) -> None:
        """Remove every trace of the cluster but the images that its node imported; nothing happens where there is
        none.
        """
        with exclusive(self.paths.lock, waiting_for=f"whoever starts or stops cluster {self.paths.name}"):
            print(f"cluster {self.paths.name} is {'down' if self._remove() else 'not up'}", flush=True)

    def forget_images(self) -> None:
        """Remove the images that the node of this cluster imported, which `down` keeps for the next `up`."""
        with exclusive(self.paths.lock, waiting_for=f"whoever starts or stops cluster {self.paths.name}"):
            if Description.read(self.paths):
                raise ClusterError(f"cluster {self.paths.name} is up and uses its images; take it down first")
            if self.paths.image_store.exists():
                shutil.rmtree(self.paths.image_store)

    def kubeconfig(self, user: str = kubeconfig.ADMIN, groups: Sequence[str] = ()) -> Path:
        """A kubeconfig by which this person, in these groups, reaches the cluster; `admin` may do everything."""
        description = self._require()
        path = self.paths.kubeconfigs / kubeconfig.file_name(user, groups)
        if not path.exists():
            authority = Authority(self.paths.certificates)
            if user == kubeconfig.ADMIN and not groups:
                groups = kubeconfig.ADMIN_GROUPS
            pair = authority.issue(f"person-{path.stem}", user, groups)
            document = kubeconfig.render(
                self.paths.name, description.endpoint.url, authority.root.certificate, pair, user
            )
            kubeconfig.write_private(path, document)
        return path

    @property
    def audit_log(self) -> Path:
        """One JSON object per line; it exists where the cluster was brought up with `audit`."""
        return self.paths.audit_log

    @property
    def description(self) -> Description | None:
        """What runs, if the cluster was ever complete; see `is_complete`."""
        return Description.read(self.paths)

    def servers(self) -> dict[str, bool]:
        """Every server of the cluster's level, and whether it lives."""
        description = Description.read(self.paths)
        alive = {server.name for server in processes.recorded(self.paths.folder) if processes.is_alive(server)}
        return {name: name in alive for name in control_plane.names_at(description.level)} if description else {}

    def is_complete(self, description: Description) -> bool:
        """Whether all servers live, and the API server says that it is ready."""
        if not all(self.servers().values()) or not self._is_local(description):
            return False
        authority = Authority(self.paths.certificates)
        admin = Credentials.issued_by(authority, description.endpoint).admin
        return ApiServerClient(description.endpoint.url, authority.root.certificate, admin).is_ready()

    def import_images(self, archives: Sequence[Path]) -> list[str]:
        """Give the node these images (OCI or Docker archives); returns their names as pods must write them."""
        return import_archives(self._node(), archives)

    def import_image_stream(self, write: Callable[[IO[bytes]], None]) -> None:
        """Give the node the images of one OCI archive, while it is written."""
        import_stream(self._node(), write)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()

    def _node(self) -> Node:
        if self._require().level is not Level.NODE:
            raise ClusterError(f"cluster {self.paths.name} has no node; bring it up with --level node")
        return Node(self.paths, build.ensure(Level.NODE))

    def _require(self) -> Description:
        description = Description.read(self.paths)
        if description is None:
            raise ClusterError(f"cluster {self.paths.name} is not up")
        if not self._is_local(description):
            raise ClusterError(f"cluster {self.paths.name} has stopped (did the machine restart?); bring it up again")
        return description

    def _is_local(self, description: Description) -> bool:
        """Whether the API server's address is on this machine; else a packet to it would go to a stranger."""
        interface = network.interface_of(self.paths.identity)
        return description.endpoint.address == LOOPBACK or network.exists(interface)

    def _start(self, bin_folder: Path, level: Level, *, audit: bool) -> None:
        for folder in (self.paths.folder, self.paths.certificates, self.paths.kubeconfigs):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        print(f"starting cluster {self.paths.name} at level {level}", flush=True)
        node = Node(self.paths, bin_folder) if level is Level.NODE else None
        address = node.start_namespace() if node else None
        endpoint = (
            Endpoint(address.host, network.API_PORT) if address else Endpoint(LOOPBACK, control_plane.free_port())
        )
        authority = Authority(self.paths.certificates)
        plane = ControlPlane(
            self.paths, bin_folder, endpoint, authority, Credentials.issued_by(authority, endpoint), audit
        )
        servers = plane.start()
        if node and address:
            node.start_servers(plane, address, servers)
        for path in self.paths.kubeconfigs.glob("*.kubeconfig"):
            kubeconfig.write_private(path, kubeconfig.moved(path.read_text(), endpoint.url))
        Description(level, audit, endpoint).write(self.paths)
        print(f"cluster {self.paths.name} is up at level {level}: {endpoint.url}", flush=True)

    def _end(self) -> bool:
        """End every process, and remove what the kernel keeps without one; files stay. Whether there was anything."""
        (self.paths.folder / "cluster.json").unlink(missing_ok=True)
        with ExitStack() as stack:
            stack.callback(shutil.rmtree, self.paths.processes, ignore_errors=True)
            ended = processes.end_all(self.paths.folder) > 0
            left = [network.leave(self.paths.identity), cgroups.remove(self.paths.identity), remove_mount_points()]
        return ended or any(left)

    def _remove(self) -> bool:
        """Remove processes and files; whether there were any."""
        had_files = self.paths.folder.exists()
        ended = self._end()
        if had_files:
            _unmount_below(self.paths.folder)
            shutil.rmtree(self.paths.folder)
        return ended or had_files


def _unmount_below(folder: Path) -> None:
    """Detach mounts under a folder that is about to be removed: removing must never reach into a volume."""
    targets = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for target in sorted((t for t in targets if Path(t).is_relative_to(folder)), reverse=True):
        subprocess.run(["umount", "--lazy", target], check=True)
