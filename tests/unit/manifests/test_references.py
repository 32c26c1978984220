"""Which ConfigMaps a template reads, wherever a pod can name one."""

from typing import Any

import pytest

from modelreuse.manifests import config_maps_in


@pytest.mark.parametrize(
    "pod",
    [
        {"containers": [{"envFrom": [{"prefix": "X", "configMapRef": {"name": "c"}}]}]},
        {"initContainers": [{"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}}]}]},
        {"volumes": [{"name": "v", "configMap": {"name": "c", "optional": True}}]},
        {"volumes": [{"name": "v", "projected": {"sources": [{"secret": {}}, {"configMap": {"name": "c"}}]}}]},
    ],
)
def test_a_config_map_is_found_wherever_a_pod_names_one(pod: dict[str, Any]) -> None:
    assert config_maps_in({"spec": {"template": {"spec": pod}}}) == ["c"]


def test_each_is_named_once_and_in_order() -> None:
    volumes = [{"configMap": {"name": name}} for name in ("b", "a", "b")]
    assert config_maps_in({"volumes": volumes}) == ["a", "b"]


@pytest.mark.parametrize(
    "template", [None, [], {"configMap": "c"}, {"configMap": {"name": 7}}, {"secret": {"name": "c"}}]
)
def test_nothing_else_is_one(template: Any) -> None:
    assert config_maps_in(template) == []
