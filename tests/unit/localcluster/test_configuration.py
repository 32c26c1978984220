"""What the servers are told."""

import json
import tomllib
from pathlib import Path

import pytest

from localcluster import kubeconfig
from localcluster.api_server_client import node_condition
from localcluster.certificates import Pair
from localcluster.components import Level
from localcluster.control_plane import (
    LOOPBACK,
    Credentials,
    Endpoint,
    api_server_command,
    audit_policy,
    etcd_command,
)
from localcluster.description import Description
from localcluster.dns import corefile
from localcluster.errors import ClusterError
from localcluster.network import NodeNetwork
from localcluster.node import cni_config, containerd_config, kubelet_config, namespace_script
from localcluster.paths import ClusterPaths

PAIR = Pair(Path("/k"), Path("/c"))
CREDENTIALS = Credentials(PAIR, PAIR, PAIR, PAIR, PAIR)


def api_server_flags(address: str, *, audit: bool = False) -> set[str]:
    return set(api_server_command(Path("/bin"), Endpoint(address, 1234), CREDENTIALS, audit=audit))


def test_without_a_node_the_api_server_is_on_loopback_and_publishes_no_endpoint() -> None:
    flags = api_server_flags(LOOPBACK)
    assert {"--bind-address=127.0.0.1", "--secure-port=1234", "--endpoint-reconciler-type=none"} <= flags


def test_with_a_node_the_api_server_publishes_the_address_that_pods_reach() -> None:
    flags = api_server_flags("10.213.0.1")
    assert {"--bind-address=10.213.0.1", "--advertise-address=10.213.0.1"} <= flags
    assert "--endpoint-reconciler-type=none" not in flags


def test_the_api_server_authorizes_as_a_production_one_does() -> None:
    assert {"--authorization-mode=Node,RBAC", "--anonymous-auth=false"} <= api_server_flags(LOOPBACK)


def test_auditing_is_a_choice() -> None:
    assert "--audit-log-path=audit.log" in api_server_flags(LOOPBACK, audit=True)
    assert not any(flag.startswith("--audit") for flag in api_server_flags(LOOPBACK))


def test_what_is_done_to_our_kinds_and_to_jobs_is_audited_with_its_content_and_all_else_without() -> None:
    detailed, rest = audit_policy()["rules"]
    assert detailed["level"] == "RequestResponse"
    assert [entry["group"] for entry in detailed["resources"]] == ["modelreuse.io", "batch"]
    assert rest == {"level": "Metadata"}


def test_etcd_opens_no_port() -> None:
    assert not any("http" in argument for argument in etcd_command(Path("/bin")))


def test_containerd_is_told_in_valid_toml_whatever_the_paths_hold() -> None:
    config = tomllib.loads(containerd_config(Path('/b "in'), Path("/f"), Path("/sto\\re")))
    assert config["root"] == "/sto\\re"
    runtime = config["plugins"]["io.containerd.cri.v1.runtime"]
    assert runtime["cni"]["bin_dirs"] == ['/b "in']
    assert runtime["restrict_oom_score_adj"] is True


def test_pods_get_addresses_of_the_nodes_slot() -> None:
    bridge = cni_config(NodeNetwork(7))["plugins"][0]
    assert bridge["ipam"]["ranges"] == [[{"subnet": "10.214.7.0/24"}]]
    assert bridge["ipMasq"] is False


def test_the_kubelet_lets_no_stranger_in_and_keeps_to_its_cgroup() -> None:
    config = kubelet_config(Path("/n"), Path("/ca"), Path("/c"), Path("/k"), "modelreuse-x", "10.213.7.2")
    assert config["authentication"]["anonymous"] == {"enabled": False}
    assert config["authorization"] == {"mode": "Webhook"}
    assert config["cgroupRoot"] == "/modelreuse-x"


def test_pods_ask_the_nodes_own_address_for_names_and_get_the_clusters_alone() -> None:
    config = kubelet_config(Path("/n"), Path("/ca"), Path("/c"), Path("/k"), "modelreuse-x", "10.213.7.2")
    assert (config["clusterDNS"], config["clusterDomain"]) == (["10.213.7.2"], "cluster.local")
    cluster, rest = corefile("10.213.7.2", Path("/kubeconfig")).split("\n. {\n")
    assert cluster.startswith("cluster.local ")
    assert 'kubeconfig "/kubeconfig"' in cluster
    assert "rcode NXDOMAIN" in rest
    assert cluster.count("bind 10.213.7.2") == rest.count("bind 10.213.7.2") == 1


def test_the_nodes_first_process_quotes_paths_and_protects_sysctls() -> None:
    script = namespace_script(Path("/a b"), Path("/p q/pause"))
    assert "mount --bind '/a b/kubelet' /var/lib/kubelet" in script
    assert "mount -o remount,bind,ro /proc/sys" in script
    assert script.splitlines()[-1] == "exec '/p q/pause'"


def test_a_kubeconfig_carries_what_it_needs(tmp_path: Path) -> None:
    for name in ("ca", "key", "certificate"):
        (tmp_path / name).write_text(name)
    pair = Pair(tmp_path / "key", tmp_path / "certificate")
    document = kubeconfig.render("demo", "https://127.0.0.1:1", tmp_path / "ca", pair, "alice")
    assert str(tmp_path) not in document
    assert json.loads(document)["current-context"] == "demo"
    assert json.loads(kubeconfig.moved(document, "https://10.213.0.1:6443"))["clusters"][0]["cluster"][
        "server"
    ].endswith(":6443")


def test_kubeconfigs_of_different_people_have_different_names() -> None:
    names = {
        kubeconfig.file_name(user, groups)
        for user, groups in [("a", []), ("a", ["b"]), ("a+b", []), ("a/b", []), ("a", ["b", "c"])]
    }
    assert len(names) == 5
    assert not any(set(name) & set("/:") for name in names)
    assert kubeconfig.file_name("a", ["c", "b"]) == kubeconfig.file_name("a", ["b", "c"])


def test_a_kubeconfig_is_private(tmp_path: Path) -> None:
    kubeconfig.write_private(tmp_path / "new" / "file", "x")
    assert (tmp_path / "new" / "file").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("running", "asked", "covered"),
    [
        ((Level.NODE, True), (Level.CONTROL_PLANE, False), True),
        ((Level.NODE, False), (Level.NODE, False), True),
        ((Level.CONTROL_PLANE, True), (Level.NODE, False), False),
        ((Level.NODE, False), (Level.CONTROL_PLANE, True), False),
    ],
)
def test_a_cluster_that_runs_covers_what_is_asked_or_is_restarted(
    running: tuple[Level, bool], asked: tuple[Level, bool], covered: bool
) -> None:
    description = Description(running[0], running[1], Endpoint(LOOPBACK, 1))
    assert description.covers(asked[0], audit=asked[1]) is covered


@pytest.mark.parametrize("name", ["", "Demo", "../x", "a/b", "-a", "a" * 33])
def test_a_name_that_is_no_folder_and_no_label_is_refused(name: str) -> None:
    with pytest.raises(ClusterError, match="expected lower-case letters"):
        ClusterPaths(name)


def test_clusters_of_different_names_have_different_identities() -> None:
    assert ClusterPaths("a").identity != ClusterPaths("b").identity


def test_a_node_without_conditions_is_not_ready() -> None:
    assert node_condition({}, "Ready") == "Unknown"
    assert node_condition({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}, "Ready") == "True"
