"""From models to structural schemas, and the generated files."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import jsonschema
import pytest
from pydantic import BaseModel, Field, StringConstraints

from modelreuse.api.crds import RESOURCES, Resource, definition, generated_files, stale_files, write_generated
from modelreuse.api.schema import NotStructuralError, structural_schema

ROOT = Path(__file__).parents[3]
Name = Annotated[str, StringConstraints(max_length=9)]


class Inner(BaseModel):
    """An inner value."""

    name: Name


class Good(BaseModel):
    """A value that Kubernetes can express."""

    one: Inner
    maybe: Inner | None = None
    many: Annotated[list[Inner], Field(max_length=3)] = []
    labels: dict[Name, Name] = {}
    kind: Literal["A"] = "A"
    number: Annotated[int, Field(ge=1)] = 1


def properties(model: type[BaseModel]) -> dict[str, Any]:
    found: dict[str, Any] = structural_schema(model)["properties"]
    return found


def test_references_are_written_out() -> None:
    assert properties(Good)["one"]["properties"]["name"] == {"type": "string", "maxLength": 9}
    assert properties(Good)["many"]["items"]["properties"].keys() == {"name"}
    assert "$defs" not in structural_schema(Good)


def test_an_optional_field_may_be_absent_but_never_null() -> None:
    assert properties(Good)["maybe"]["type"] == "object"
    assert "default" not in properties(Good)["maybe"]
    assert structural_schema(Good)["required"] == ["one"]


def test_a_constant_is_an_enumeration() -> None:
    assert properties(Good)["kind"]["enum"] == ["A"]


def test_a_map_is_bounded() -> None:
    assert properties(Good)["labels"]["maxProperties"] == 64
    assert properties(Good)["labels"]["additionalProperties"] == {"type": "string", "maxLength": 9}


def test_descriptions_can_be_left_out() -> None:
    assert "description" in structural_schema(Good)
    assert "description" not in str(structural_schema(Good, described=False))


def broken(annotation: Any) -> type[BaseModel]:
    return type("Broken", (BaseModel,), {"__annotations__": {"field": annotation}})


@pytest.mark.parametrize(
    ("annotation", "complaint"),
    [
        (str, "Broken.field: a string without maxLength"),
        (list[Name], "Broken.field: a list without maxItems"),
        (Annotated[list[str], Field(max_length=3)], r"Broken.field\[\]: a string without maxLength"),
        (dict[str, str], r"Broken.field\[\*\]: a string without maxLength"),
        (int | Name, "Broken.field: a union of 2 types"),
        (Any, "Broken.field: has no type"),
        (Annotated[int, Field(gt=0)], "Broken.field: use minimum"),
    ],
)
def test_what_kubernetes_cannot_express_is_refused_by_path(annotation: Any, complaint: str) -> None:
    with pytest.raises(NotStructuralError, match=complaint):
        structural_schema(broken(annotation))


def nodes(schema: dict[str, Any], path: str = "") -> list[tuple[str, dict[str, Any]]]:
    found = [(path, schema)]
    for name, child in schema.get("properties", {}).items():
        found += nodes(child, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            found += nodes(schema[key], f"{path}[]")
    return found


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda each: each.plural)
def test_every_value_of_every_resource_is_typed_and_bounded(resource: Resource) -> None:
    schema = definition(resource)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    for path, node in nodes(schema):
        assert not {"$ref", "anyOf", "oneOf", "title", "nullable"} & node.keys(), path
        assert "type" in node, path
        if node["type"] == "array":
            assert "maxItems" in node, path
        assert node["type"] != "number", f"{path}: no floats on the wire"


def test_the_generated_files_are_fresh() -> None:
    assert stale_files(ROOT) == []


def test_a_stale_or_missing_file_is_named(tmp_path: Path) -> None:
    write_generated(tmp_path)
    assert stale_files(tmp_path) == []
    names = sorted(generated_files())
    (tmp_path / names[0]).unlink()
    (tmp_path / names[1]).write_text("edited by hand")
    assert stale_files(tmp_path) == [name for name in generated_files() if name in names[:2]]


@pytest.mark.parametrize("name", [name for name in generated_files() if name.endswith(".json")])
def test_the_schemas_of_contracts_are_schemas(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(generated_files()[name]))
