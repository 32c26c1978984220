"""What the audience reads: acts, the commands that people type, and what comes back."""

import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Narrator:
    """Prints at once, also into a pipe."""

    started: float = field(default_factory=time.monotonic)
    acts: int = 0

    def act(self, title: str) -> None:
        """A new act begins."""
        self.acts += 1
        print(f"\n=== {self.acts}. {title}  [{self.seconds():.0f} s]", flush=True)

    def say(self, text: str) -> None:
        """A remark."""
        print(text, flush=True)

    def command(self, words: Sequence[str]) -> None:
        """A command as a person would type it; copying it to a shell does the same."""
        print(f"$ {shlex.join(words)}", flush=True)

    def output(self, text: str) -> None:
        """What a command answered."""
        for line in text.rstrip().splitlines():
            print(f"  {line}", flush=True)

    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self.started
