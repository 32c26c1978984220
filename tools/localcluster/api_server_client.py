"""The few questions that the launcher asks an API server, by the standard library: is it ready, is a node ready."""

import http.client
import json
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from localcluster.certificates import Pair
from localcluster.errors import ClusterError
from localcluster.processes import Server, require_alive, tail

_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class ApiServerClient:
    """Speaks to one API server as the holder of a certificate."""

    server: str
    authority: Path
    pair: Pair

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body; status 0 while nothing answers."""
        return self._ask("GET", path)

    def create(self, path: str, obj: dict[str, Any]) -> None:
        """Post an object unless it exists. Raises ClusterError."""
        status, body = self._ask("POST", path, json.dumps(obj))
        if status not in (http.HTTPStatus.CREATED, http.HTTPStatus.CONFLICT):
            raise ClusterError(f"creating {obj['kind']} {obj['metadata']['name']}: {status} {body.decode()[:300]}")

    def _ask(self, method: str, path: str, content: str | None = None) -> tuple[int, bytes]:
        context = ssl.create_default_context(cafile=str(self.authority))
        context.load_cert_chain(self.pair.certificate, self.pair.key)
        connection = http.client.HTTPSConnection(urlsplit(self.server).netloc, timeout=5, context=context)
        try:
            connection.request(method, path, content, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()

    def is_ready(self) -> bool:
        """Whether the API server says that it is."""
        return self.get("/readyz")[0] == http.HTTPStatus.OK

    def has(self, path: str) -> bool:
        """Whether an object exists."""
        return self.get(path)[0] == http.HTTPStatus.OK

    def node_is_ready(self, node: str) -> bool:
        """Whether the node's kubelet reports it Ready."""
        status, body = self.get(f"/api/v1/nodes/{node}")
        return status == http.HTTPStatus.OK and node_condition(json.loads(body), "Ready") == "True"


def node_condition(node: dict[str, Any], condition: str) -> str:
    """The status of a node's condition, `Unknown` where it has none."""
    conditions = node.get("status", {}).get("conditions", [])
    return next((str(entry["status"]) for entry in conditions if entry["type"] == condition), "Unknown")


def wait_until(
    done: Callable[[], bool], what: str, *, seconds: float, servers: Sequence[Server], cluster: Path, blame: str
) -> None:
    """Poll until `done`; ClusterError when one of the servers dies, or, with the end of the log of `blame`, at the
    deadline.
    """
    deadline = time.monotonic() + seconds
    while not done():
        require_alive(servers, cluster)
        if time.monotonic() > deadline:
            log = cluster / "logs" / f"{blame}.log"
            raise ClusterError(f"{what}: not within {seconds:.0f} s; the end of {log}:\n{tail(log)}")
        time.sleep(_POLL_SECONDS)
