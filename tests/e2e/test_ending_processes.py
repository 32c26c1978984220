"""Ending the node's processes takes as long as it takes: what still dies still holds mounts and interfaces."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from localcluster import processes

PTRACE_SEIZE = 0x4206
HELD_SECONDS = 1.0


class Tracer(threading.Thread):
    """Keeps a process from being gone after it was killed, for a while: so its namespace can't end either."""

    def __init__(self, pid: int) -> None:
        super().__init__()
        self.pid = pid
        self.ready = threading.Event()

    def run(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.ptrace(PTRACE_SEIZE, self.pid, None, None) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")
        self.ready.set()
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        time.sleep(HELD_SECONDS)
        os.waitpid(self.pid, 0)


def child_of(pid: int) -> int:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    while not (found := children.read_text().split()):
        pass
    return int(found[0])


def test_a_namespace_that_is_slow_to_end_is_waited_for(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(processes, "_EXIT_SECONDS", 0.1)
    monkeypatch.setattr(processes, "_REAP_SECONDS", 0.0)
    # The inner process is not marked: the kernel ends it with its namespace, as it does with pods.
    inner = "import os, signal; os.environ.clear(); signal.pause()"
    first = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}], env={{}})"
    command = ["unshare", "--pid", "--fork", sys.executable, "-c", first]
    with subprocess.Popen(command, env={processes.MARKER: str(tmp_path), "PATH": os.environ["PATH"]}) as outer:
        init = child_of(outer.pid)
        tracer = Tracer(child_of(init))
        tracer.start()
        assert tracer.ready.wait(10)
        namespace = processes.Server("", init, processes.start_time(Path(f"/proc/{init}/stat").read_text()))
        processes.end_all(tmp_path)
        ended = not processes.is_alive(namespace)
        tracer.join()
        outer.returncode = -signal.SIGKILL
    assert ended
