"""kubectl as the demo's people use it: the command that is shown is the command that runs."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from demo.errors import DemoError
from demo.narrator import Narrator

KUBECTL: Final = Path(sys.prefix) / "bin" / "kubectl"
_SECONDS: Final = 120.0


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    succeeded: bool
    text: str


@dataclass(frozen=True)
class Person:
    """Somebody at a keyboard. identity: the kubectl options by which the API server knows them."""

    name: str
    identity: tuple[str, ...]
    narrator: Narrator

    def types(self, *arguments: str) -> str:
        """Show a command and its output; raises DemoError where it fails."""
        answer = self.tries(*arguments)
        if not answer.succeeded:
            raise DemoError(f"{self.name}: kubectl {' '.join(arguments[:3])} ... failed: {answer.text.strip()}")
        return answer.text

    def tries(self, *arguments: str) -> Answer:
        """Show a command and its output, whatever comes of it."""
        self.narrator.command(["kubectl", *self.identity, *arguments])
        answer = self.quietly(*arguments)
        self.narrator.output(answer.text)
        return answer

    def quietly(self, *arguments: str, stdin: bytes = b"") -> Answer:
        """Run a command unseen."""
        command = self.command(*arguments)
        try:
            result = subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            return Answer(False, f"no answer within {_SECONDS:.0f} s")
        text = (result.stdout + result.stderr).decode(errors="replace")
        return Answer(result.returncode == 0, text)

    def reads(self, *arguments: str) -> Any:
        """The JSON of `kubectl get ARGUMENTS`; raises DemoError where it fails."""
        answer = self.quietly("get", *arguments, "--output=json")
        if not answer.succeeded:
            raise DemoError(f"kubectl get {' '.join(arguments)} failed: {answer.text.strip()}")
        return json.loads(answer.text)

    def command(self, *arguments: str) -> Sequence[str]:
        """The command as a process needs it."""
        return [str(KUBECTL), *self.identity, *arguments]
