"""etcd, kube-apiserver, kube-controller-manager: the API of a cluster without a place to run pods.

Only the API server opens a port; etcd listens on a socket in the cluster's folder, which is also every server's
working directory, so that the socket's name stays short however deep the checkout lies.
"""

import json
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcluster import kubeconfig, processes
from localcluster.api_server_client import ApiServerClient, wait_until
from localcluster.certificates import Authority, Pair
from localcluster.components import Level
from localcluster.paths import ClusterPaths
from localcluster.processes import Server

SERVICE_NETWORK = "10.96.0.0/16"
API_SERVICE_ADDRESS = "10.96.0.1"
CLUSTER_DOMAIN = "cluster.local"
LOOPBACK = "127.0.0.1"
_ETCD_SOCKET = "unix://etcd.sock"
_ISSUER = "https://kubernetes.default.svc"
_START_SECONDS = 120.0


@dataclass(frozen=True)
class Endpoint:
    """Where the API server listens."""

    address: str
    port: int

    @property
    def url(self) -> str:
        """What a kubeconfig says."""
        return f"https://{self.address}:{self.port}"


def free_port(address: str = LOOPBACK) -> int:
    """A TCP port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port


def audit_policy() -> dict[str, Any]:
    """Who did what, for every request; for our own kinds and for Jobs also what was sent and answered."""
    detailed = [{"group": "modelreuse.io"}, {"group": "batch", "resources": ["jobs", "jobs/status"]}]
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [
            {
                "level": "RequestResponse",
                "verbs": ["create", "update", "patch", "delete", "deletecollection"],
                "resources": detailed,
            },
            {"level": "Metadata"},
        ],
    }


def etcd_command(bin_folder: Path) -> list[str]:
    """Without fsync: a cluster whose machine lost power isn't continued but started anew."""
    return [
        str(bin_folder / "etcd"),
        "--data-dir=etcd",
        f"--listen-client-urls={_ETCD_SOCKET}",
        f"--advertise-client-urls={_ETCD_SOCKET}",
        "--listen-peer-urls=unix://etcd-peer.sock",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


@dataclass(frozen=True)
class Credentials:
    """The certificates that the servers show each other."""

    authority: Pair
    service_accounts: Pair
    serving: Pair
    kubelet_client: Pair
    admin: Pair

    @classmethod
    def issued_by(cls, authority: Authority, endpoint: Endpoint) -> "Credentials":
        """Issue what is missing; serving certificates are one per address, since a raised cluster moves to another."""
        names = [
            "localhost",
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            f"kubernetes.default.svc.{CLUSTER_DOMAIN}",
        ]
        addresses = sorted({endpoint.address, LOOPBACK, API_SERVICE_ADDRESS})
        return cls(
            authority=authority.root,
            service_accounts=authority.signing_key("service-accounts"),
            serving=authority.issue(
                f"kube-apiserver-{endpoint.address}", "kube-apiserver", addresses=addresses, names=names
            ),
            kubelet_client=authority.issue(
                "kube-apiserver-kubelet-client", "kube-apiserver-kubelet-client", ["system:masters"]
            ),
            admin=authority.issue("admin", kubeconfig.ADMIN, kubeconfig.ADMIN_GROUPS),
        )


def api_server_command(bin_folder: Path, endpoint: Endpoint, credentials: Credentials, *, audit: bool) -> list[str]:
    """The API server's command line; relative paths are relative to the cluster's folder."""
    if endpoint.address == LOOPBACK:  # nobody inside the cluster looks for it, and an endpoint on loopback is invalid
        published = ["--endpoint-reconciler-type=none", "--advertise-address=127.0.0.1"]
    else:
        published = [f"--advertise-address={endpoint.address}"]
    audit_flags = (
        ["--audit-policy-file=audit-policy.json", "--audit-log-path=audit.log", "--audit-log-maxsize=1000"]
        if audit
        else []
    )
    return [
        str(bin_folder / "kube-apiserver"),
        f"--etcd-servers={_ETCD_SOCKET}",
        f"--bind-address={endpoint.address}",
        f"--secure-port={endpoint.port}",
        *published,
        f"--service-cluster-ip-range={SERVICE_NETWORK}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--anonymous-auth=false",
        f"--client-ca-file={credentials.authority.certificate}",
        f"--tls-cert-file={credentials.serving.certificate}",
        f"--tls-private-key-file={credentials.serving.key}",
        f"--service-account-issuer={_ISSUER}",
        f"--service-account-key-file={credentials.service_accounts.certificate}",
        f"--service-account-signing-key-file={credentials.service_accounts.key}",
        "--kubelet-preferred-address-types=InternalIP",
        f"--kubelet-certificate-authority={credentials.authority.certificate}",
        f"--kubelet-client-certificate={credentials.kubelet_client.certificate}",
        f"--kubelet-client-key={credentials.kubelet_client.key}",
        "--allow-privileged=true",
        "--profiling=false",
        *audit_flags,
    ]


def controller_manager_command(bin_folder: Path, credentials: Credentials, config: Path) -> list[str]:
    """One instance, so no leader election; no port, since it's ready when its work shows."""
    return [
        str(bin_folder / "kube-controller-manager"),
        f"--kubeconfig={config}",
        "--secure-port=0",
        "--leader-elect=false",
        "--use-service-account-credentials=true",
        f"--service-account-private-key-file={credentials.service_accounts.key}",
        f"--root-ca-file={credentials.authority.certificate}",
        f"--cluster-signing-cert-file={credentials.authority.certificate}",
        f"--cluster-signing-key-file={credentials.authority.key}",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
        "--profiling=false",
    ]


@dataclass(frozen=True)
class ControlPlane:
    """What is needed to start the servers of one cluster."""

    paths: ClusterPaths
    bin_folder: Path
    endpoint: Endpoint
    authority: Authority
    credentials: Credentials
    audit: bool

    @property
    def client(self) -> ApiServerClient:
        """The launcher's own way to the API server."""
        return ApiServerClient(self.endpoint.url, self.credentials.authority.certificate, self.credentials.admin)

    def component_kubeconfig(self, component: str, user: str, groups: Sequence[str] = ()) -> Path:
        """A kubeconfig for one of the cluster's own servers."""
        pair = self.authority.issue(component, user, groups)
        path = self.paths.folder / f"{component}.kubeconfig"
        document = kubeconfig.render(
            self.paths.name, self.endpoint.url, self.credentials.authority.certificate, pair, user
        )
        kubeconfig.write_private(path, document)
        return path

    def start(self) -> list[Server]:
        """Start the servers one after the other, each once what it needs answers."""
        folder = self.paths.folder
        if self.audit:
            (folder / "audit-policy.json").write_text(json.dumps(audit_policy(), indent=1))
        for leftover in ("etcd.sock", "etcd-peer.sock"):
            (folder / leftover).unlink(missing_ok=True)
        servers = [processes.start("etcd", etcd_command(self.bin_folder), folder)]
        self._wait(lambda: (folder / "etcd.sock").exists(), "etcd listens", servers, "etcd")

        command = api_server_command(self.bin_folder, self.endpoint, self.credentials, audit=self.audit)
        servers.append(processes.start("kube-apiserver", command, folder))
        self._wait(self.client.is_ready, "the API server is ready", servers, "kube-apiserver")

        config = self.component_kubeconfig("kube-controller-manager", "system:kube-controller-manager")
        command = controller_manager_command(self.bin_folder, self.credentials, config)
        servers.append(processes.start("kube-controller-manager", command, folder))
        account = "/api/v1/namespaces/default/serviceaccounts/default"
        self._wait(lambda: self.client.has(account), "the controllers work", servers, "kube-controller-manager")
        return servers

    def _wait(self, done: Callable[[], bool], what: str, servers: list[Server], blame: str) -> None:
        wait_until(done, what, seconds=_START_SECONDS, servers=servers, cluster=self.paths.folder, blame=blame)


def names_at(level: Level) -> tuple[str, ...]:
    """The servers that a complete cluster of this level has, in the order in which they start."""
    control_plane = ("etcd", "kube-apiserver", "kube-controller-manager")
    node = ("node", "containerd", "kube-scheduler", "kubelet", "kube-proxy", "coredns")
    return control_plane + node if level is Level.NODE else control_plane
