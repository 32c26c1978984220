"""Locks between processes that the kernel releases when their holder dies, so that a `kill -9` never leaves one
behind.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def exclusive(path: Path, *, waiting_for: str) -> Iterator[None]:
    """Hold the lock; whoever has to wait is told once what for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting for {waiting_for}", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
