"""Starts and stops one server; knows nothing of what is stored."""

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from localcluster.build import ensure_tool
from localcluster.components import Component

VERSITYGW = Component("versitygw", "versitygw", None, {"versitygw": "github.com/versity/versitygw/cmd/versitygw"})
_START_SECONDS = 30.0


class ObjectStoreError(RuntimeError):
    """The server doesn't run; its last words are in the message."""


@dataclass(frozen=True)
class ObjectStore:
    """A running server: an administrator's key, and where it listens."""

    endpoint: str
    access_key: str
    secret_key: str

    @staticmethod
    @contextlib.contextmanager
    def up(folder: Path, *, tls: tuple[Path, Path] | None = None) -> "Iterator[ObjectStore]":
        """A server over an empty folder, gone at the end. tls: certificate and key, for https."""
        program = binary()
        for name in ("buckets", "attributes", "accounts"):
            (folder / name).mkdir(parents=True)
        port = _free_port()
        store = ObjectStore(
            f"{'https' if tls else 'http'}://localhost:{port}", "administrator", "administrators-secret"
        )
        command = [str(program), "--port", f"127.0.0.1:{port}", "--quiet", "--iam-dir", str(folder / "accounts")]
        command += ["--cert", str(tls[0]), "--key", str(tls[1])] if tls else []
        command += ["posix", "--sidecar", str(folder / "attributes"), str(folder / "buckets")]
        keys = {"ROOT_ACCESS_KEY": store.access_key, "ROOT_SECRET_KEY": store.secret_key}
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                command, env={**os.environ, **keys}, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
            try:
                _wait(process, port, folder / "log")
                yield store
            finally:
                process.terminate()
                process.wait()

    def add_user(self, access_key: str, secret_key: str) -> None:
        """An account that may do nothing until a bucket's policy says otherwise."""
        command = [str(binary()), "admin", "--allow-insecure", "--endpoint-url", self.endpoint]
        command += ["--access", self.access_key, "--secret", self.secret_key, "create-user"]
        command += ["--access", access_key, "--secret", secret_key, "--role", "user"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ObjectStoreError(f"no user was made: {done.stdout} {done.stderr}")


def binary() -> Path:
    """The server's program, built unless it is cached."""
    return ensure_tool(VERSITYGW) / "versitygw"


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise ObjectStoreError(f"versitygw does not answer on port {port}: {log.read_text()[-2000:]}")
