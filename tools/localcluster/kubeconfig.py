"""Kubeconfigs: who talks to which API server with which certificate.

Written as JSON, which every reader of YAML accepts, with the certificates inside, so that a file can be copied
elsewhere.
"""

import base64
import json
import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from localcluster.certificates import Pair

ADMIN = "admin"
ADMIN_GROUPS = ("system:masters",)


def file_name(user: str, groups: Sequence[str]) -> str:
    """A file name for this identity: the same for the same, different for different ones.

    No slash, and no colon either, which would separate files in `$KUBECONFIG`.
    """
    return "+".join(quote(part, safe="@") for part in (user, *sorted(set(groups)))) + ".kubeconfig"


def render(cluster: str, server: str, authority: Path, pair: Pair, user: str) -> str:
    """The kubeconfig by which `user` reaches `server`; its context is called after the cluster."""

    def encoded(path: Path) -> str:
        return base64.b64encode(path.read_bytes()).decode()

    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": cluster, "cluster": {"server": server, "certificate-authority-data": encoded(authority)}}
        ],
        "users": [
            {
                "name": user,
                "user": {"client-certificate-data": encoded(pair.certificate), "client-key-data": encoded(pair.key)},
            }
        ],
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": user, "namespace": "default"}}],
        "current-context": cluster,
    }
    return json.dumps(document, indent=1) + "\n"


def moved(document: str, server: str) -> str:
    """The same kubeconfig for an API server that now listens elsewhere."""
    parsed = json.loads(document)
    for entry in parsed["clusters"]:
        entry["cluster"]["server"] = server
    return json.dumps(parsed, indent=1) + "\n"


def write_private(path: Path, content: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
    partial.replace(path)
