"""From a pydantic model to a Kubernetes structural schema.

A structural schema has no `$ref`, no union with null, no `title`; an optional field is one that may be absent. Every
string has a maxLength and every list and map a bound, or the API server can't estimate what a CEL rule costs.
"""

from typing import Any

from pydantic import BaseModel

_DROPPED = frozenset({"title", "$defs", "discriminator", "examples"})
_UNBOUNDED_MAP = 64
_KEY_ORDER = (
    "description",
    "type",
    "format",
    "enum",
    "default",
    "properties",
    "required",
    "items",
    "additionalProperties",
)


class NotStructuralError(TypeError):
    """A model that has no structural schema."""


def structural_schema(model: type[BaseModel], *, described: bool = True) -> dict[str, Any]:
    """The structural schema of `model`, as for `openAPIV3Schema`.

    Raises NotStructuralError, naming the path, for what Kubernetes can't express: unions, unbounded strings or lists.
    """
    schema = model.model_json_schema(by_alias=True, mode="validation")
    return _convert(schema, schema.get("$defs", {}), model.__name__, described)


def _convert(node: dict[str, Any], definitions: dict[str, Any], path: str, described: bool) -> dict[str, Any]:
    node = _resolve(node, definitions, path)
    out: dict[str, Any] = {}
    for key, value in node.items():
        if key in _DROPPED or (key == "default" and value is None) or (key == "description" and not described):
            continue
        out[key] = _without_nulls(value) if key == "default" else value
    if "const" in out:
        out["enum"] = [out.pop("const")]
    if "exclusiveMinimum" in out:
        raise NotStructuralError(f"{path}: use minimum")
    if "properties" in out:
        out["properties"] = {
            name: _convert(child, definitions, f"{path}.{name}", described) for name, child in out["properties"].items()
        }
        out.pop("additionalProperties", None)  # closed by pruning
    elif isinstance(out.get("additionalProperties"), dict):
        out["additionalProperties"] = _convert(out["additionalProperties"], definitions, f"{path}[*]", described)
        out.pop("propertyNames", None)
        out.setdefault("maxProperties", _UNBOUNDED_MAP)
    if "items" in out:
        out["items"] = _convert(out["items"], definitions, f"{path}[]", described)
    if "x-kubernetes-validations" in out:
        out.pop("pattern", None)  # a rule says the same in words, and isn't evaluated where a pattern fails
    _check_bounds(out, path)
    return {key: out[key] for key in sorted(out, key=_position)}


def _without_nulls(default: Any) -> Any:
    """A default as the API server accepts it: absent instead of null."""
    if isinstance(default, dict):
        return {key: _without_nulls(value) for key, value in default.items() if value is not None}
    return default


def _resolve(node: dict[str, Any], definitions: dict[str, Any], path: str) -> dict[str, Any]:
    node = dict(node)
    variants = node.pop("anyOf", None)
    if variants is not None:
        real = [variant for variant in variants if variant.get("type") != "null"]
        if len(real) != 1:
            raise NotStructuralError(f"{path}: a union of {len(real)} types has no structural schema")
        node = {**_resolve(real[0], definitions, path), **node}
    reference = node.pop("$ref", None)
    if reference is not None:
        node = {**_resolve(definitions[reference.removeprefix("#/$defs/")], definitions, path), **node}
    return node


def _check_bounds(out: dict[str, Any], path: str) -> None:
    kind = out.get("type")
    if kind is None:
        raise NotStructuralError(f"{path}: has no type")
    if kind == "string" and "maxLength" not in out and "enum" not in out:
        raise NotStructuralError(f"{path}: a string without maxLength")
    if kind == "array" and "maxItems" not in out:
        raise NotStructuralError(f"{path}: a list without maxItems")


def _position(key: str) -> tuple[int, str]:
    return (_KEY_ORDER.index(key) if key in _KEY_ORDER else len(_KEY_ORDER), key)
