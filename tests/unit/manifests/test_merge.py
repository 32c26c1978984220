"""Merging a partial pod template: as a strategic merge patch, and never with a crash."""

import copy
from typing import Any

import pytest

from modelreuse.manifests.merge import merged


def test_maps_merge_deeply() -> None:
    assert merged({"a": {"b": 1, "c": 2}}, {"a": {"c": 3, "d": 4}}) == {"a": {"b": 1, "c": 3, "d": 4}}


@pytest.mark.parametrize(
    ("field", "key"),
    [
        ("containers", "name"),
        ("initContainers", "name"),
        ("volumes", "name"),
        ("env", "name"),
        ("volumeMounts", "mountPath"),
        ("imagePullSecrets", "name"),
        ("hostAliases", "ip"),
        ("topologySpreadConstraints", "topologyKey"),
    ],
)
def test_named_lists_merge_by_their_key(field: str, key: str) -> None:
    base = {field: [{key: "a", "x": 1}, {key: "b", "x": 2}]}
    patch = {field: [{key: "c"}, {key: "a", "y": 3}]}
    assert merged(base, patch) == {field: [{key: "a", "x": 1, "y": 3}, {key: "b", "x": 2}, {key: "c"}]}


@pytest.mark.parametrize("field", ["tolerations", "args", "command", "envFrom"])
def test_other_lists_are_replaced(field: str) -> None:
    assert merged({field: [1, 2]}, {field: [3]}) == {field: [3]}


def test_nothing_that_was_given_is_changed() -> None:
    base, patch = {"containers": [{"name": "a", "env": []}]}, {"containers": [{"name": "a", "env": [{"name": "X"}]}]}
    before = copy.deepcopy((base, patch))
    merged(base, patch)
    assert (base, patch) == before


@pytest.mark.parametrize(
    "strange", [None, "text", 7, [], {}, ["text"], [None], [{}], [{"name": {"a": 1}}], [{"name": ["x"]}], [[]]]
)
@pytest.mark.parametrize("field", ["containers", "env", "volumes", "other"])
def test_whatever_stands_in_a_template_is_merged_somehow(field: str, strange: Any) -> None:
    ours = {field: [{"name": "ours", "value": "kept"}]}
    assert field in merged(ours, {field: strange})
    assert merged({field: strange}, ours)[field][-1] == {"name": "ours", "value": "kept"}
