"""Runs long commands so that a person always sees that something happens: a line at least every 20 seconds."""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from images.errors import ImagesError

_EVERY_SECONDS = 15.0
_TAIL_LINES = 25

Say = Callable[[str], None]


def say(line: str) -> None:
    """Print at once, also into a pipe."""
    print(line, flush=True)


def run(
    what: str, command: Sequence[str], log: Path, *, environment: Mapping[str, str] | None = None, tell: Say = say
) -> float:
    """Run a command with its output in `log`; returns its seconds.

    Raises ImagesError with the end of the log where the command fails.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    tell(f"{what} ...")
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env={**os.environ, **(environment or {})}
        )
        try:
            while True:
                try:
                    process.wait(_EVERY_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    tell(f"{what}: {time.monotonic() - started:.0f} s{_last_line(log)}")
        except BaseException:
            process.terminate()
            process.wait()
            raise
    seconds = time.monotonic() - started
    if process.returncode != 0:
        tail = "\n".join(_lines(log)[-_TAIL_LINES:])
        raise ImagesError(f"{what}: {command[0]} ended with status {process.returncode}; the end of {log}:\n{tail}")
    tell(f"{what}: done in {seconds:.0f} s")
    return seconds


@contextmanager
def signs_of_life(what: str, tell: Say = say) -> Iterator[None]:
    """While the body runs, a line now and then, for work that is silent by itself."""
    started, ended = time.monotonic(), threading.Event()

    def speak() -> None:
        while not ended.wait(_EVERY_SECONDS):
            tell(f"{what}: {time.monotonic() - started:.0f} s")

    speaker = threading.Thread(target=speak, daemon=True)
    speaker.start()
    try:
        yield
    finally:
        ended.set()
        speaker.join()


def _last_line(log: Path) -> str:
    lines = [line for line in _lines(log) if line.strip()]
    return f": {lines[-1].strip()[:100]}" if lines else ""


def _lines(log: Path) -> list[str]:
    return log.read_text(errors="replace").replace("\r", "\n").splitlines()
