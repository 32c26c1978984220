"""Runs the other tools beside each other, their lines marked by who says them."""

import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from demo.errors import DemoError
from demo.narrator import Narrator


@dataclass(frozen=True)
class Tool:
    """One command of tools/. name: what its lines are marked with."""

    name: str
    arguments: tuple[str, ...]

    @property
    def command(self) -> list[str]:
        """As a process needs it."""
        return [sys.executable, "-m", *self.arguments]


def run(narrator: Narrator, tools: Sequence[Tool]) -> dict[str, list[str]]:
    """Run all at once; returns what each said. Raises DemoError when one fails, after the others have ended."""
    for tool in tools:
        narrator.command(["python", "-m", *tool.arguments])
    processes = {
        tool.name: subprocess.Popen(
            tool.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for tool in tools
    }
    said: dict[str, list[str]] = {name: [] for name in processes}
    readers = [
        threading.Thread(target=_read, args=(narrator, name, process, said[name]))
        for name, process in processes.items()
    ]
    try:
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
    except BaseException:
        for process in processes.values():
            process.terminate()
        raise
    for name, process in processes.items():
        if process.wait() != 0:
            raise DemoError(f"{name} failed: {said[name][-1] if said[name] else 'it said nothing'}")
    return said


def _read(narrator: Narrator, name: str, process: "subprocess.Popen[str]", said: list[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line.rstrip())
        narrator.output(f"[{name}] {line}")
