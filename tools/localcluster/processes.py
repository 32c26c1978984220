"""Starts servers that outlive their launcher, and finds and ends exactly those again.

A server belongs to a cluster if and only if its environment says so (`MODELREUSE_CLUSTER=FOLDER`). Records (process
id and start time) are for naming servers and noticing deaths; ending goes by the environment, so a lost record, or a
launcher that was killed between start and record, changes nothing. A process is always signalled through a pidfd
opened before its environment was checked: a reused process id can't be hit.
"""

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from localcluster.errors import ClusterError

MARKER = "MODELREUSE_CLUSTER"
_TAIL_LINES = 20
_KILL_SECONDS = 30.0
_REAP_SECONDS = 3.0
_EXIT_SECONDS = 5.0


@dataclass(frozen=True)
class Server:
    """A started process: `started` is in clock ticks since boot, as /proc counts it, and tells a reused process id
    apart.
    """

    name: str
    pid: int
    started: int


def start_time(stat: str) -> int:
    """Field 22 of /proc/PID/stat; the command in field 2 may itself hold spaces and parentheses."""
    return int(stat.rpartition(")")[2].split()[19])


def is_zombie(stat: str) -> bool:
    """Whether /proc/PID/stat describes a process that has ended and waits for its parent to notice."""
    return stat.rpartition(")")[2].split()[0] in {"Z", "X"}


def is_marked(environ: bytes, folder: Path) -> bool:
    """Whether /proc/PID/environ says that the process belongs to the cluster in this folder."""
    return os.fsencode(f"{MARKER}={folder}") in environ.split(b"\0")


def start(name: str, command: Sequence[str], cluster: Path, *, extra: Mapping[str, str] | None = None) -> Server:
    """Start a server in a session of its own, with its log in `logs/NAME.log`, and record it."""
    log = cluster / "logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(cluster),
        MARKER: str(cluster),
        **(extra or {}),
    }
    with log.open("ab") as stream:
        process = subprocess.Popen(
            command,
            cwd=cluster,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _await_mark(process.pid, cluster)
    server = Server(name, process.pid, start_time(Path(f"/proc/{process.pid}/stat").read_text()))
    process.returncode = 0  # it shall outlive us: keeps Popen from warning that it does
    record = cluster / "processes" / f"{name}.json"
    record.parent.mkdir(parents=True, exist_ok=True)
    partial = record.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(server)))
    partial.replace(record)
    return server


def recorded(cluster: Path) -> list[Server]:
    """The servers that were started for this cluster, alive or not, sorted by name."""
    return [Server(**json.loads(path.read_text())) for path in sorted((cluster / "processes").glob("*.json"))]


def is_alive(server: Server) -> bool:
    """Whether this very process still runs."""
    stat = _read(server.pid, "stat")
    return (
        stat is not None
        and not is_zombie(stat.decode(errors="replace"))
        and start_time(stat.decode(errors="replace")) == server.started
    )


def require_alive(servers: Sequence[Server], cluster: Path) -> None:
    """ClusterError with the last lines of its log for the first server that has died."""
    for server in servers:
        if not is_alive(server):
            log = cluster / "logs" / f"{server.name}.log"
            raise ClusterError(f"{server.name} died while starting; the end of {log}:\n{tail(log)}")


def tail(log: Path) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]) if log.exists() else "(no log)"


def belonging_to(cluster: Path) -> list[int]:
    """Process ids of everything that the environment marks as this cluster's, as far as it hasn't ended."""
    return [pid for pid in _all_pids() if _belongs(pid, cluster)]


def marked_folders() -> set[str]:
    """Folders of all clusters that have a process on this machine, whichever checkout they belong to."""
    prefix = f"{MARKER}=".encode()
    environs = (_read(pid, "environ") for pid in _all_pids())
    entries = (entry for environ in environs if environ for entry in environ.split(b"\0"))
    return {os.fsdecode(entry.removeprefix(prefix)) for entry in entries if entry.startswith(prefix)}


def end_all(cluster: Path) -> int:
    """Kill everything that belongs to the cluster, wait until it's gone, and return how many processes that were.

    Not gracefully: what they hold is either thrown away or, like etcd's files, complete in the page cache after every
    write.
    """
    killed: dict[int, Server] = {}
    deadline = time.monotonic() + _KILL_SECONDS
    while remaining := {*belonging_to(cluster), *(pid for pid, server in killed.items() if is_alive(server))}:
        for pid in remaining:
            if server := _kill(pid, cluster):
                killed[pid] = server
        if time.monotonic() > deadline:
            raise ClusterError(f"processes {sorted(remaining)} of {cluster} don't end (waiting for a device?)")
        # A namespace's first process has lost its environment, and still waits for the last of the others to end.
        for pid in remaining:
            _await_end(pid)
    patience = time.monotonic() + _REAP_SECONDS
    while any(Path(f"/proc/{pid}").exists() for pid in killed) and time.monotonic() < patience:
        time.sleep(0.05)  # init collects orphans when it likes; whoever looks after us shall find nothing
    return len(killed)


def _kill(pid: int, cluster: Path) -> Server | None:
    """The process that was told to end; None where there is none of this cluster under this id."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return None
    try:
        stat = _read(pid, "stat")
        if stat is None or not _belongs(pid, cluster):
            return None
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        return Server("", pid, start_time(stat.decode(errors="replace")))
    except ProcessLookupError:
        return None
    finally:
        os.close(descriptor)


def _await_mark(pid: int, cluster: Path) -> None:
    """Wait until a child can be told by its environment, which /proc shows a moment after the program has begun."""
    stat = _read(pid, "stat")
    while stat is not None and not is_zombie(stat.decode(errors="replace")) and not _belongs(pid, cluster):
        time.sleep(0.001)
        stat = _read(pid, "stat")


def _await_end(pid: int) -> None:
    """Wait a while for a process to end, and collect it if it is our child."""
    with suppress(ProcessLookupError, ChildProcessError):
        descriptor = os.pidfd_open(pid)
        try:
            select.select([descriptor], [], [], _EXIT_SECONDS)  # readable once the process has ended
            os.waitpid(pid, os.WNOHANG)
        finally:
            os.close(descriptor)


def _belongs(pid: int, cluster: Path) -> bool:
    environ = _read(pid, "environ")
    if not environ or not is_marked(environ, cluster):
        return False
    stat = _read(pid, "stat")
    return stat is not None and not is_zombie(stat.decode(errors="replace"))


def _all_pids() -> list[int]:
    return [
        int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and int(entry.name) != os.getpid()
    ]


def _read(pid: int, file: str) -> bytes | None:
    try:
        return Path(f"/proc/{pid}/{file}").read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
