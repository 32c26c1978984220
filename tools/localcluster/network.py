"""How a node is joined to the machine: a veth pair, one slot of private addresses per cluster, and no way beyond the
machine.

The node has no default route: a pod reaches other pods, services, and the machine itself at `host`; anything else
fails at once and never leaves. A slot is taken by giving its address to an interface, under a machine-wide lock;
nothing else records it, so nothing can be stale.
"""

import ipaddress
import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcluster.errors import ClusterError

API_PORT = 6443
SLOTS = 200
_BROAD = 16
"""A route this short (a VPN's 10.0.0.0/8, say) loses to ours, which are longer, and so is no conflict."""


@dataclass(frozen=True)
class NodeNetwork:
    """The addresses of one slot."""

    slot: int

    @property
    def host(self) -> str:
        """The machine's end, where the API server listens."""
        return f"10.213.{self.slot}.1"

    @property
    def node(self) -> str:
        """The node's end, where the kubelet listens."""
        return f"10.213.{self.slot}.2"

    @property
    def link(self) -> str:
        """The network of the two ends."""
        return f"10.213.{self.slot}.0/30"

    @property
    def pods(self) -> str:
        """Where pods get their addresses from."""
        return f"10.214.{self.slot}.0/24"


def free_slot(in_use: Iterable[str]) -> NodeNetwork:
    """The first slot that overlaps none of the networks in use; ClusterError if there is none."""
    taken = [network for network in map(ipaddress.IPv4Network, in_use) if network.prefixlen > _BROAD]
    for slot in range(SLOTS):
        candidate = NodeNetwork(slot)
        wanted = [ipaddress.IPv4Network(candidate.link), ipaddress.IPv4Network(candidate.pods)]
        if not any(network.overlaps(ours) for network in taken for ours in wanted):
            return candidate
    raise ClusterError("no free addresses in 10.213.0.0/16 and 10.214.0.0/16: are there really 200 local clusters?")


def networks_in_use(addresses: list[dict[str, Any]], routes: list[dict[str, Any]]) -> list[str]:
    """The networks that `ip -json -4 address` and `ip -json -4 route` mention, the default route excepted."""
    own = [entry["local"] for interface in addresses for entry in interface.get("addr_info", [])]
    return own + [route["dst"] for route in routes if route["dst"] != "default"]


def interface_of(identity: str) -> str:
    """The machine's end of a cluster's veth pair; names have at most 15 characters."""
    return f"mro-{identity}"


def find_free_slot() -> NodeNetwork:
    """A slot that nothing on this machine uses at this moment."""
    addresses = json.loads(_ip("-json", "-4", "address", "show") or "[]")
    routes = json.loads(_ip("-json", "-4", "route", "show") or "[]")
    return free_slot(networks_in_use(addresses, routes))


def join(identity: str, network: NodeNetwork, namespace_pid: int) -> None:
    """Connect the network namespace of a process with the machine."""
    interface = interface_of(identity)
    _ip("link", "add", interface, "type", "veth", "peer", "name", "eth0", "netns", str(namespace_pid))
    _ip("address", "add", f"{network.host}/30", "dev", interface)
    _ip("link", "set", interface, "up")
    inside = ["nsenter", f"--net=/proc/{namespace_pid}/ns/net", "ip"]
    for arguments in (
        ["link", "set", "lo", "up"],
        ["address", "add", f"{network.node}/30", "dev", "eth0"],
        ["link", "set", "eth0", "up"],
    ):
        _run([*inside, *arguments])
    _run([*inside, "route", "add", "unreachable", "default"])
    _ip("route", "add", network.pods, "via", network.node, "dev", interface)


def exists(interface: str) -> bool:
    """Whether the machine has this interface."""
    return Path("/sys/class/net", interface).exists()


def any_joined() -> bool:
    """Whether any node of any checkout is joined to this machine."""
    return any(Path("/sys/class/net").glob(interface_of("*")))


def leave(identity: str) -> bool:
    """Remove what `join` made, and say whether anything was left; the kernel itself removes it some time after the
    node's last process.
    """
    interface = interface_of(identity)
    if not exists(interface):
        return False
    result = subprocess.run(["ip", "link", "delete", interface], capture_output=True, text=True, check=False)
    if result.returncode != 0 and exists(interface):
        raise ClusterError(f"can't remove interface {interface}: {result.stderr.strip()}")
    return True


def _ip(*arguments: str) -> str:
    return _run(["ip", *arguments])


def _run(command: list[str]) -> str:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise ClusterError(f"{' '.join(command)} failed: {result.stderr.strip()}")
    return result.stdout
