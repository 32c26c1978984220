"""A cable between the operator and the API server that can be pulled: TCP, passed on as it comes."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import yaml


@dataclass
class Cable:
    """Passes connections on while it is plugged in."""

    target: tuple[str, int]
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    plugged: bool = True
    _ends: list[socket.socket] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def pull(self) -> None:
        """Every connection breaks, and new ones break at once."""
        with self._lock:
            self.plugged = False
            ends, self._ends = self._ends, []
        for end in ends:
            _cut(end)

    def plug(self) -> None:
        """As it should be."""
        self.plugged = True

    def serve(self) -> None:
        """Until the listener is closed."""
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            with self._lock:
                if not self.plugged:
                    _cut(near)
                    continue
                far = socket.create_connection(self.target)
                self._ends += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=_pass_on, args=(source, sink), daemon=True).start()


@contextmanager
def cable_to(kubeconfig: Path, folder: Path) -> Iterator[tuple[Cable, Path]]:
    """A cable to the API server of a kubeconfig, and a kubeconfig that uses it."""
    config = yaml.safe_load(kubeconfig.read_text())
    server = urlsplit(config["clusters"][0]["cluster"]["server"])
    assert server.hostname is not None
    assert server.port is not None
    cable = Cable((server.hostname, server.port))
    config["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{cable.port}"
    by_cable = folder / "by-cable.kubeconfig"
    by_cable.write_text(json.dumps(config))
    thread = threading.Thread(target=cable.serve, daemon=True)
    thread.start()
    try:
        yield cable, by_cable
    finally:
        _cut(cable.listener)
        cable.pull()
        thread.join(timeout=5)


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    _cut(source)
    _cut(sink)


def _cut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
