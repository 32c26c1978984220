"""A node beside the control plane: scheduler, kubelet, kube-proxy, CoreDNS, containerd and their pods, in namespaces
of their own.

Its first process holds a mount, a network and a process namespace. When that process ends, the kernel ends every pod
and drops every mount, rule and interface with it, which is why a crash leaves nothing behind. The file system is the
machine's own, so a hostPath volume is a folder of the machine; only `/run`, `/var/log`, `/var/lib/kubelet` and
`/var/lib/cni` are the node's.
"""

import json
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from localcluster import cgroups, dns, network, processes
from localcluster.api_server_client import wait_until
from localcluster.control_plane import CLUSTER_DOMAIN, ControlPlane
from localcluster.errors import ClusterError
from localcluster.images import SANDBOX_IMAGE, import_sandbox
from localcluster.locks import exclusive
from localcluster.network import NodeNetwork
from localcluster.paths import ClusterPaths, cache
from localcluster.processes import Server

NODE_NAME = "node"
_MOUNT_POINTS = (Path("/var/lib/kubelet"), Path("/var/lib/cni"))
_START_SECONDS = 90.0
_KUBELET_SYSCTLS = {
    "vm/overcommit_memory": 1,
    "vm/panic_on_oom": 0,
    "kernel/panic": 10,
    "kernel/panic_on_oops": 1,
    "kernel/keys/root_maxkeys": 1000000,
    "kernel/keys/root_maxbytes": 25000000,
}


def namespace_script(folder: Path, pause: Path) -> str:
    """What the node's first process does before it waits forever: hide what would change the machine.

    A kubelet insists on six sysctls and would set the machine's. In here it finds files that already say what it
    wants, and every sysctl but those of the node's own network is read-only.
    """
    own = {"log": "/var/log", "kubelet": "/var/lib/kubelet", "cni-state": "/var/lib/cni"}
    lines = ["set -eu", "mount --make-rshared /", "mount -t tmpfs -o mode=755 tmpfs /run"]
    lines += [f"mount --bind {shlex.quote(str(folder / source))} {target}" for source, target in own.items()]
    lines += [
        "mount --bind /proc/sys /proc/sys",
        "mount --bind /proc/sys/net /proc/sys/net",
        "mount -o remount,bind,ro /proc/sys",
    ]
    for name, value in _KUBELET_SYSCTLS.items():
        wanted = shlex.quote(str(folder / "sysctls" / name.replace("/", ".")))
        lines += [f"echo {value} > {wanted}", f"mount --bind {wanted} /proc/sys/{name}"]
    return "\n".join([*lines, f"touch {shlex.quote(str(folder / 'ready'))}", f"exec {shlex.quote(str(pause))}"])


def containerd_config(bin_folder: Path, folder: Path, image_store: Path) -> str:
    """The TOML of containerd. OOM scores are never lowered: containers on many a machine may not."""
    quoted = json.dumps  # a JSON string is a TOML string
    return f"""version = 3
root = {quoted(str(image_store))}
state = "/run/containerd"
imports = []
disabled_plugins = [
  "io.containerd.nri.v1.nri",
  "io.containerd.snapshotter.v1.blockfile",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.erofs",
  "io.containerd.snapshotter.v1.zfs",
]

[plugins."io.containerd.internal.v1.opt"]
path = {quoted(str(folder / "opt"))}

[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = {quoted(SANDBOX_IMAGE)}

[plugins."io.containerd.cri.v1.runtime"]
restrict_oom_score_adj = true

[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = [{quoted(str(bin_folder))}]
conf_dir = {quoted(str(folder / "cni"))}

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
BinaryName = {quoted(str(bin_folder / "runc"))}
SystemdCgroup = false
"""


def cni_config(address: NodeNetwork) -> dict[str, Any]:
    """Pods on one bridge, without address translation: the machine has a route to them."""
    subnet = {"type": "host-local", "ranges": [[{"subnet": address.pods}]], "routes": [{"dst": "0.0.0.0/0"}]}
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "hairpinMode": True,
        "ipMasq": False,
        "ipam": subnet,
    }
    ports = {"type": "portmap", "backend": "nftables", "capabilities": {"portMappings": True}}
    return {"cniVersion": "1.0.0", "name": "pods", "plugins": [bridge, ports]}


def kubelet_config(
    folder: Path, authority: Path, serving: Path, serving_key: Path, group: str, nameserver: str
) -> dict[str, Any]:
    """The kubelet's configuration: serves only the API server, evicts only when the disk is all but full, keeps
    imported images.
    """
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(authority)},
        },
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{group}",
        "clusterDNS": [nameserver],
        "clusterDomain": CLUSTER_DOMAIN,
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "enforceNodeAllocatable": [],
        "evictionHard": {
            "memory.available": "50Mi",
            "nodefs.available": "1%",
            "nodefs.inodesFree": "1%",
            "imagefs.available": "1%",
        },
        "failCgroupV1": False,
        "failSwapOn": False,
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "makeIPTablesUtilChains": False,
        "oomScoreAdj": 0,
        "resolvConf": str(folder / "resolv.conf"),
        "tlsCertFile": str(serving),
        "tlsPrivateKeyFile": str(serving_key),
        "volumePluginDir": str(folder / "volume-plugins"),
    }


@dataclass(frozen=True)
class Node:
    """The node of one cluster."""

    paths: ClusterPaths
    bin_folder: Path

    @property
    def folder(self) -> Path:
        """The node's own files."""
        return self.paths.folder / "node"

    def start_namespace(self) -> NodeNetwork:
        """Make the node's namespaces and join them to the machine; the API server needs that address before it
        starts.
        """
        for name in ("log", "kubelet", "cni-state", "cni", "opt", "sysctls", "volume-plugins"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "ready").unlink(missing_ok=True)
        namespaces = [
            "unshare",
            "--mount",
            "--net",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
            "--propagation=private",
        ]
        script = namespace_script(self.folder, self.bin_folder / "pause")
        with _machine_lock():
            for point in _MOUNT_POINTS:
                point.mkdir(parents=True, exist_ok=True)
            holder = processes.start("node", [*namespaces, "/bin/sh", "-c", script], self.paths.folder)
            self._wait((self.folder / "ready").exists, "the node's namespaces exist", [holder], "node")
            address = network.find_free_slot()
            network.join(self.paths.identity, address, holder.pid)
        return address

    def start_servers(self, plane: ControlPlane, address: NodeNetwork, servers: list[Server]) -> None:
        """Start what runs pods, and wait until the node is Ready."""
        cgroups.create(self.paths.identity)
        (self.folder / "resolv.conf").touch()
        config = containerd_config(self.bin_folder, self.folder, self.paths.image_store)
        (self.folder / "containerd.toml").write_text(config)
        (self.folder / "cni" / "10-pods.conflist").write_text(json.dumps(cni_config(address), indent=1))
        started = [*servers, self._start("containerd", ["--config", str(self.folder / "containerd.toml")])]
        scheduler = plane.component_kubeconfig("kube-scheduler", "system:kube-scheduler")
        command = [
            str(self.bin_folder / "kube-scheduler"),
            f"--kubeconfig={scheduler}",
            "--secure-port=0",
            "--leader-elect=false",
        ]
        started.append(processes.start("kube-scheduler", command, self.paths.folder))
        self._wait(self.containerd_answers, "containerd answers", started, "containerd")
        import_sandbox(self)
        started += [self._start_kubelet(plane, address), self._start_proxy(plane, address)]
        started.append(self._start_dns(plane, address))
        self._wait(lambda: plane.client.node_is_ready(NODE_NAME), "the node is Ready", started, "kubelet")
        self._wait(lambda: dns.is_ready(address.node), "names of services resolve", started, "coredns")

    def containerd_answers(self) -> bool:
        """Whether images can be imported."""
        return self.run(["ctr", "version"]).returncode == 0

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run one of our binaries inside the node to its end."""
        return subprocess.run(
            self._inside(command),
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def feed(self, command: list[str], write: Callable[[IO[bytes]], None]) -> subprocess.CompletedProcess[str]:
        """Run one of our binaries inside the node on what `write` writes, to its end; what it says is in stdout."""
        with tempfile.TemporaryFile("w+") as said:
            with subprocess.Popen(
                self._inside(command),
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=subprocess.STDOUT,
            ) as process:
                assert process.stdin is not None
                with suppress(BrokenPipeError), process.stdin as stream:  # whoever stops reading early says why
                    write(stream)
            said.seek(0)
            return subprocess.CompletedProcess(command, process.returncode, said.read(), "")

    def _environment(self) -> dict[str, str]:
        path = f"{self.bin_folder}:/usr/sbin:/usr/bin:/sbin:/bin"
        return {"PATH": path, processes.MARKER: str(self.paths.folder)}

    def _inside(self, command: list[str]) -> list[str]:
        return [*self._enter(), str(self.bin_folder / command[0]), *command[1:]]

    def _enter(self) -> list[str]:
        holder = next((server for server in processes.recorded(self.paths.folder) if server.name == "node"), None)
        if holder is None or not processes.is_alive(holder):
            raise ClusterError(f"cluster {self.paths.name} has no running node")
        namespaces = Path(f"/proc/{holder.pid}/ns")
        return [
            "nsenter",
            f"--mount={namespaces}/mnt",
            f"--net={namespaces}/net",
            f"--pid={namespaces}/pid_for_children",
            "--",
        ]

    def _start(self, name: str, arguments: list[str]) -> Server:
        path = {"PATH": f"{self.bin_folder}:/usr/sbin:/usr/bin:/sbin:/bin"}
        return processes.start(
            name, [*self._enter(), str(self.bin_folder / name), *arguments], self.paths.folder, extra=path
        )

    def _start_kubelet(self, plane: ControlPlane, address: NodeNetwork) -> Server:
        serving = plane.authority.issue(
            f"kubelet-serving-{address.node}", NODE_NAME, addresses=[address.node], names=[NODE_NAME]
        )
        authority, group = plane.credentials.authority.certificate, cgroups.group_of(self.paths.identity)
        config = self.folder / "kubelet.json"
        content = kubelet_config(
            self.folder, authority, serving.certificate, serving.key, group, nameserver=address.node
        )
        config.write_text(json.dumps(content, indent=1))
        client = plane.component_kubeconfig("kubelet", f"system:node:{NODE_NAME}", ["system:nodes"])
        names = [f"--node-ip={address.node}", f"--hostname-override={NODE_NAME}"]
        return self._start("kubelet", [f"--config={config}", f"--kubeconfig={client}", *names])

    def _start_proxy(self, plane: ControlPlane, address: NodeNetwork) -> Server:
        client = plane.component_kubeconfig("kube-proxy", "system:kube-proxy")
        networking = ["--proxy-mode=nftables", "--conntrack-max-per-core=0", f"--cluster-cidr={address.pods}"]
        return self._start(
            "kube-proxy",
            [f"--kubeconfig={client}", f"--hostname-override={NODE_NAME}", "--oom-score-adj=0", *networking],
        )

    def _start_dns(self, plane: ControlPlane, address: NodeNetwork) -> Server:
        dns.grant(plane.client)
        client = plane.component_kubeconfig("coredns", dns.USER)
        corefile = self.folder / "Corefile"
        corefile.write_text(dns.corefile(address.node, client))
        return self._start("coredns", ["-conf", str(corefile)])

    def _wait(self, done: Callable[[], bool], what: str, servers: list[Server], blame: str) -> None:
        wait_until(done, what, seconds=_START_SECONDS, servers=servers, cluster=self.paths.folder, blame=blame)


def remove_mount_points() -> bool:
    """Remove the folders that had to exist for a node to mount its own over them, if they are empty and no node runs.

    Removing a folder that another mount namespace uses as a mount point would unmount it there.
    """
    with _machine_lock():
        if network.any_joined():
            return False
        removed = [point for point in _MOUNT_POINTS if point.is_dir() and not any(point.iterdir())]
        for point in removed:
            point.rmdir()
    return bool(removed)


def _machine_lock() -> AbstractContextManager[None]:
    return exclusive(cache() / "machine.lock", waiting_for="another cluster's network")
