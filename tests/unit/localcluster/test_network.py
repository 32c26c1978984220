"""Which addresses a node gets, and which ports are free."""

import socket
from typing import Any

import pytest

from localcluster.control_plane import free_port
from localcluster.errors import ClusterError
from localcluster.network import SLOTS, NodeNetwork, free_slot, interface_of, networks_in_use


def test_the_first_slot_of_a_bare_machine() -> None:
    network = free_slot(["127.0.0.1", "192.168.1.17", "192.168.1.0/24"])
    assert (network.host, network.node, network.pods) == ("10.213.0.1", "10.213.0.2", "10.214.0.0/24")


@pytest.mark.parametrize("used", ["10.213.0.1", "10.213.0.0/30", "10.214.0.0/24", "10.214.0.128/25", "10.213.0.0/20"])
def test_a_slot_of_which_anything_is_used_is_not_free(used: str) -> None:
    assert free_slot([used]) != NodeNetwork(0)


def test_a_broad_route_loses_to_ours_and_is_no_conflict() -> None:
    assert free_slot(["10.0.0.0/8"]) == NodeNetwork(0)


def test_a_machine_without_a_free_slot_is_told_so() -> None:
    with pytest.raises(ClusterError, match="no free addresses"):
        free_slot(f"10.213.{slot}.1" for slot in range(SLOTS))


def test_slots_do_not_overlap() -> None:
    networks = [NodeNetwork(slot) for slot in range(SLOTS)]
    assert len({text for network in networks for text in (network.link, network.pods)}) == 2 * SLOTS


def test_addresses_and_routes_count_but_not_the_default_route() -> None:
    addresses: list[dict[str, Any]] = [{"ifname": "lo", "addr_info": [{"local": "127.0.0.1"}]}, {"ifname": "x"}]
    routes = [{"dst": "default", "gateway": "10.213.0.1"}, {"dst": "172.17.0.0/16"}]
    assert networks_in_use(addresses, routes) == ["127.0.0.1", "172.17.0.0/16"]


def test_interface_names_fit_the_kernels_limit() -> None:
    assert len(interface_of("0123abcd")) <= 15


def test_a_free_port_can_be_listened_on() -> None:
    with socket.create_server(("127.0.0.1", free_port())) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"
