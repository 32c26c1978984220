"""What the cluster consists of: which binaries come from which Go module, with which flags, and which Debian packages
each level needs.

A table and nothing else, so that adding a component is adding a row. Versions are pinned by the `go.mod` and `go.sum`
of each folder of `tools/go`; the version that Kubernetes reports is read from there too.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

TOOLS = Path(__file__).resolve().parents[1]
CHECKOUT = TOOLS.parent
GO_MODULES = TOOLS / "go"


class Level(StrEnum):
    """How much of a cluster: the API alone, or also a node that runs pods."""

    CONTROL_PLANE = "control-plane"
    NODE = "node"

    def includes(self, other: "Level") -> bool:
        """Whether everything of `other` runs at this level too."""
        return self is other or self is Level.NODE


@dataclass(frozen=True)
class Component:
    """Binaries that one `go build` makes, so that the packages they share compile once.

    packages: binary name -> Go package. module: folder under `tools/go`. linker: what `-ldflags` gets beyond `-s -w`.
    level: None for a tool that is no part of a cluster.
    """

    name: str
    module: str
    level: Level | None
    packages: dict[str, str]
    cgo: bool = False
    tags: str = ""
    linker: tuple[str, ...] = field(default=())

    @property
    def folder(self) -> Path:
        """The Go module that pins this component."""
        return GO_MODULES / self.module


def required_version(go_mod: str, module: str) -> str:
    """The version that a go.mod requires of a module, e.g. `v1.37.2`; ValueError if it requires none."""
    match = re.search(rf"^\s*(?:require\s+)?{re.escape(module)} (v\S+)", go_mod, re.MULTILINE)
    if match is None:
        raise ValueError(f"go.mod requires no {module}")
    return match.group(1)


def version_flags(version: str) -> tuple[str, ...]:
    """Linker flags that make Kubernetes report its version; without them it says v0.0.0 and clients refuse or
    complain.
    """
    major, minor, _ = version.removeprefix("v").split(".", 2)
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    values = {"gitVersion": version, "gitMajor": major, "gitMinor": minor}
    return tuple(f"-X {package}.{name}={value}" for package in packages for name, value in values.items())


KUBERNETES_VERSION = required_version((GO_MODULES / "kubernetes" / "go.mod").read_text(), "k8s.io/kubernetes")
_KUBERNETES_FLAGS = version_flags(KUBERNETES_VERSION)
_CONTAINERD = "github.com/containerd/containerd/v2/cmd"
_CNI = "github.com/containernetworking/plugins/plugins"

COMPONENTS = (
    Component("etcd", "etcd", Level.CONTROL_PLANE, {"etcd": "go.etcd.io/etcd/server/v3"}),
    Component(
        "kubernetes control plane",
        "kubernetes",
        Level.CONTROL_PLANE,
        {name: f"k8s.io/kubernetes/cmd/{name}" for name in ("kube-apiserver", "kube-controller-manager")},
        linker=_KUBERNETES_FLAGS,
    ),
    Component(
        "kubernetes node",
        "kubernetes",
        Level.NODE,
        {name: f"k8s.io/kubernetes/cmd/{name}" for name in ("kube-scheduler", "kubelet", "kube-proxy")},
        linker=_KUBERNETES_FLAGS,
    ),
    Component(
        "containerd",
        "containerd",
        Level.NODE,
        {name: f"{_CONTAINERD}/{name}" for name in ("containerd", "containerd-shim-runc-v2", "ctr")},
    ),
    Component(
        "CNI plugins",
        "cni",
        Level.NODE,
        {
            "bridge": f"{_CNI}/main/bridge",
            "loopback": f"{_CNI}/main/loopback",
            "host-local": f"{_CNI}/ipam/host-local",
            "portmap": f"{_CNI}/meta/portmap",
        },
    ),
    Component("runc", "runc", Level.NODE, {"runc": "github.com/opencontainers/runc"}, cgo=True, tags="seccomp"),
    Component("CoreDNS", "coredns", Level.NODE, {"coredns": "modelreuse.io/tools/coredns"}),
    Component("pause", "pause", Level.NODE, {"pause": "modelreuse.io/tools/pause"}),
)

DEBIAN_PACKAGES: dict[Level, tuple[str, ...]] = {
    Level.CONTROL_PLANE: ("ca-certificates", "openssl"),
    Level.NODE: ("gcc", "iproute2", "libc6-dev", "libseccomp-dev", "mount", "nftables", "pkg-config", "util-linux"),
}


def components_of(level: Level) -> tuple[Component, ...]:
    """The components that a level needs, those of the control plane first, so that a test can start before the node's
    are built.
    """
    return tuple(component for component in COMPONENTS if component.level and level.includes(component.level))


def debian_packages_of(level: Level) -> tuple[str, ...]:
    """The Debian packages that a level needs, sorted."""
    return tuple(sorted({name for each, names in DEBIAN_PACKAGES.items() if level.includes(each) for name in names}))
