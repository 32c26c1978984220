"""What a template refers to by name, and whose content therefore is part of what would run."""

from collections.abc import Iterator
from typing import Any

_BY_NAME = frozenset({"configMap", "configMapKeyRef", "configMapRef"})
"""Every field of a pod that names a ConfigMap: volumes, projected volumes, env, envFrom."""


def config_maps_in(template: Any) -> list[str]:
    """Names of the ConfigMaps that a template mounts or reads, wherever in it, in order."""
    return sorted(set(_names(template)))


def _names(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from _names(each)
    if isinstance(node, dict):
        for field, value in node.items():
            if field in _BY_NAME and isinstance(value, dict) and isinstance(value.get("name"), str):
                yield value["name"]
            yield from _names(value)
