"""One cgroup per cluster, in which its kubelet puts all pods; for both cgroup versions.

A cgroup outlives its processes, so it must be removed by name. It also tells which processes are left of a pod, whose
environment says nothing.
"""

import os
import signal
import time
from pathlib import Path

from localcluster.errors import ClusterError

ROOT = Path("/sys/fs/cgroup")
_REMOVE_SECONDS = 20.0
_CONTROLLERS = ("cpuset", "cpu", "io", "memory", "hugetlb", "pids")


def group_of(identity: str) -> str:
    """The cgroup of a cluster."""
    return f"modelreuse-{identity}"


def hierarchies(root: Path = ROOT) -> list[Path]:
    """Where cgroups are mounted: the root itself (version 2), or one folder per controller (version 1)."""
    if (root / "cgroup.controllers").exists():
        return [root]
    return sorted(path for path in root.iterdir() if not path.is_symlink() and (path / "cgroup.procs").exists())


def create(identity: str) -> None:
    """Make the cluster's cgroup in every hierarchy, with every controller that the machine lets us have."""
    for hierarchy in hierarchies():
        group = hierarchy / group_of(identity)
        group.mkdir(exist_ok=True)
        for folder in (hierarchy, group):
            for controller in _available(folder):
                _enable(folder, controller)


def remove(identity: str) -> bool:
    """Kill what is left in the cluster's cgroups, remove them, and say whether there were any."""
    found = [group for hierarchy in hierarchies() if (group := hierarchy / group_of(identity)).is_dir()]
    deadline = time.monotonic() + _REMOVE_SECONDS
    for group in found:
        while group.is_dir():
            _remove_once(group)
            if group.is_dir():
                if time.monotonic() > deadline:
                    raise ClusterError(f"cgroup {group} stays busy")
                time.sleep(0.05)
    return bool(found)


def _remove_once(group: Path) -> None:
    for folder, _, _ in os.walk(group, topdown=False):
        for pid in _members(Path(folder)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        try:
            Path(folder).rmdir()
        except OSError:  # a killed process hasn't ended yet; the caller tries again
            continue


def _members(folder: Path) -> list[int]:
    try:
        return [int(line) for line in (folder / "cgroup.procs").read_text().split() if line != "0"]
    except OSError:
        return []


def _available(folder: Path) -> list[str]:
    listing = folder / "cgroup.controllers"
    return [name for name in listing.read_text().split() if name in _CONTROLLERS] if listing.exists() else []


def _enable(folder: Path, controller: str) -> None:
    try:
        (folder / "cgroup.subtree_control").write_text(f"+{controller}")
    except OSError:  # e.g. this machine's root keeps it for itself; the kubelet says so if it can't do without
        return
