"""CoreDNS for the pods of a node: names of Services and of the pods behind headless ones, and nothing of the world.

It runs in the node's network namespace, on the node's own address, and reads Services as a user of its own.
"""

import http.client
from pathlib import Path

from localcluster.api_server_client import ApiServerClient
from localcluster.control_plane import CLUSTER_DOMAIN

USER = "system:coredns"
_READY_PORT = 8181
_RBAC = "/apis/rbac.authorization.k8s.io/v1"


def corefile(address: str, kubeconfig: Path) -> str:
    """CoreDNS's configuration: answers at `address`; other names than the cluster's don't exist."""
    return f"""{CLUSTER_DOMAIN} in-addr.arpa ip6.arpa {{
    bind {address}
    errors
    ready {address}:{_READY_PORT}
    kubernetes {{
        kubeconfig "{kubeconfig}"
    }}
}}
. {{
    bind {address}
    errors
    template ANY ANY {{
        rcode NXDOMAIN
    }}
}}
"""


def grant(client: ApiServerClient) -> None:
    """Let CoreDNS list and watch what it answers from."""
    read = ["list", "watch"]
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": USER},
        "rules": [
            {"apiGroups": [""], "resources": ["services", "namespaces"], "verbs": read},
            {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": read},
        ],
    }
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": USER},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": USER},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": USER}],
    }
    client.create(f"{_RBAC}/clusterroles", role)
    client.create(f"{_RBAC}/clusterrolebindings", binding)


def is_ready(address: str) -> bool:
    """Whether CoreDNS has read all Services once."""
    connection = http.client.HTTPConnection(address, _READY_PORT, timeout=2)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
