"""The operator as it runs in production: a process of its own, under its own account, ended by signals."""

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from cluster.waiting import until

CHECKOUT = Path(__file__).parents[3]
WORKER_IMAGE = "example.invalid/worker:1"


@dataclass
class OperatorProcess:
    """Starts and ends; what it logs is kept for whoever must find out what went wrong."""

    kubeconfig: Path
    namespace: str
    log: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Until it says that it is ready."""
        self.launch()
        until(lambda: self.answers("/readyz"), "the operator is ready")

    def launch(self) -> None:
        """Until it serves its probes."""
        begins_at = self.log.stat().st_size if self.log.exists() else 0
        command = [
            *(sys.executable, "-W", "error", "-m", "modelreuse.controller"),
            *("--worker-image", WORKER_IMAGE),
            *("--namespace", self.namespace),
            *("--metrics-port", "0"),
            *("--gate-manifests", CHECKOUT / "charts/model-reuse-operator/templates"),
        ]
        environment = os.environ | {"KUBECONFIG": str(self.kubeconfig), "PYTHONPATH": str(CHECKOUT / "operator")}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

        def port() -> str | None:
            self._require_running()
            found = re.search(r"probes on port (\d+)", self.log.read_text()[begins_at:])
            return found.group(1) if found else None

        self.port = until(port, "the operator serves its probes")

    def answers(self, path: str) -> bool:
        """Whether a probe says yes."""
        self._require_running()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError:
            return False

    def metrics(self) -> str:
        """What Prometheus would read."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
            return str(answer.read().decode())

    def terminate(self) -> int:
        """SIGTERM, as Kubernetes ends it; its exit status."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL, as a crash or a lost node ends it."""
        self._end(signal.SIGKILL)

    def end(self) -> None:
        """Whatever it takes."""
        if self._process is not None:
            self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> int:
        assert self._process is not None
        process, self._process = self._process, None
        process.send_signal(how)
        return process.wait(timeout=30)

    def _require_running(self) -> None:
        assert self._process is not None
        assert self._process.poll() is None, f"the operator has ended:\n{self.log.read_text()}"
