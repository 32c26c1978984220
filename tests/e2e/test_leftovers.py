"""A cluster of ours that crashed: `down` finds everything of it, and the machine is as it was before."""

import json
import os
import select
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from e2e.town import Town
from localcluster import Cluster, cgroups, network, processes
from localcluster.processes import Server

KILLED = ("etcd", "kubelet")


@dataclass(frozen=True)
class Machine:
    """What the machine has of a cluster. processes: ours by their environment."""

    processes: list[int]
    mounts: list[str]
    interface: bool
    cgroups: list[Path]
    files: bool


@dataclass(frozen=True)
class Crash:
    """The machine while the cluster ran, after some servers were killed, and after `down`.

    inside, survivors: all processes in the namespaces of the node, pods included; those of them that outlived it. A
    namespace ends with its last process.
    """

    before: Machine
    inside: list[Server]
    crashed: dict[str, bool]
    after: Machine
    survivors: list[Server]


def crash(_: Town) -> Crash:
    cluster = Cluster.up(name="e2e-leftovers", level="node")
    try:
        servers = {server.name: server for server in processes.recorded(cluster.paths.folder)}
        own = namespaces_of(servers["node"].pid) - namespaces_of(os.getpid())
        inside = [server for server in everybody() if own & namespaces_of(server.pid)]
        before = look(cluster)
        for name in KILLED:
            kill(servers[name].pid)
        crashed = cluster.servers()
        (cluster.paths.folder / "cluster.json").unlink()
    finally:
        cluster.down()
    survivors = [server for server in inside if processes.is_alive(server)]
    return Crash(before, inside, crashed, look(cluster), survivors)


def kill(pid: int) -> None:
    """A killed process dies in its own time: it is waited for."""
    descriptor = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        assert select.select([descriptor], [], [], 30)[0], f"{pid} outlived SIGKILL"
    finally:
        os.close(descriptor)


def everybody() -> list[Server]:
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError, ValueError):
            found.append(Server("", int(entry.name), processes.start_time((entry / "stat").read_text())))
    return found


def namespaces_of(pid: int) -> set[str]:
    """The namespaces that a process is in; none of one that has ended, or that even root may not look into."""
    with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
        return {str(Path(f"/proc/{pid}/ns/{kind}").readlink()) for kind in ("mnt", "net")}
    return set()


def look(cluster: Cluster) -> Machine:
    folder, identity = cluster.paths.folder, cluster.paths.identity
    links = json.loads(subprocess.run(["ip", "-json", "link"], capture_output=True, check=True).stdout)
    return Machine(
        processes=processes.belonging_to(folder),
        mounts=[line for line in Path("/proc/self/mountinfo").read_text().splitlines() if str(folder) in line],
        interface=network.interface_of(identity) in {link["ifname"] for link in links},
        cgroups=[group for root in cgroups.hierarchies() if (group := root / cgroups.group_of(identity)).exists()],
        files=folder.exists(),
    )


@pytest.mark.story.with_args(crash)
def test_nothing_of_a_crashed_cluster_stays_after_down(end: Crash):
    assert end.before.processes
    assert end.inside
    assert end.before.interface
    assert not any(end.crashed[name] for name in KILLED)
    assert end.after == Machine([], mounts=[], interface=False, cgroups=[], files=False)
    assert not end.survivors
