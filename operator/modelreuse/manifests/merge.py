"""Merges a partial pod template onto ours, as a strategic merge patch would: named lists by their key, maps deeply."""

from collections.abc import Mapping
from typing import Any

MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "volumes": "name",
    "env": "name",
    "volumeMounts": "mountPath",
    "imagePullSecrets": "name",
    "hostAliases": "ip",
    "topologySpreadConstraints": "topologyKey",
}
"""Merge keys of the lists in a PodSpec that Kubernetes merges; every other list is replaced whole."""


def merged(base: Any, patch: Any, field: str = "") -> Any:
    """`base` with `patch` on top; neither is changed."""
    if isinstance(base, Mapping) and isinstance(patch, Mapping):
        return {
            key: merged(base[key], patch[key], key) if key in base and key in patch else patch.get(key, base.get(key))
            for key in [*base, *(key for key in patch if key not in base)]
        }
    if isinstance(base, list) and isinstance(patch, list) and field in MERGE_KEYS:
        return _merged_by(MERGE_KEYS[field], base, patch)
    return patch


def _merged_by(key: str, base: list[Any], patch: list[Any]) -> list[Any]:
    patches = {str(item.get(key)): item for item in patch if isinstance(item, Mapping)}
    out = []
    for item in base:
        name = str(item.get(key)) if isinstance(item, Mapping) else None
        out.append(merged(item, patches.pop(name)) if name in patches else item)
    return [*out, *patches.values()]
