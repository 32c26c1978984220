"""The largest value that a structural schema allows, or the largest with strings as long as they are in practice."""

import json
from collections.abc import Callable
from typing import Any

from cluster.person import Object

DECIMAL = "decimal"
Length = Callable[[str, int], int]
"""From a path and its maxLength to the length wanted there."""


def at_most(_path: str, maximum: int) -> int:
    """Every string as long as the schema allows."""
    return maximum


def in_practice(path: str, maximum: int) -> int:
    """Names of layers and models, messages and figures as they are written; hashes and times have one length anyway."""
    usual = {"layers[]": 24, "message": 160, "model": 20, "name": 20, "reason": 24, "type": 24, "uid": 36, DECIMAL: 8}
    return min(maximum, usual.get(path.rpartition(".")[2], 64))


def largest(schema: Object, length: Length, path: str = "", number: int = 0) -> Any:
    """A value with every field present and every list full; `number` makes the items of a list differ."""
    if "enum" in schema:
        return max(schema["enum"], key=len)
    match schema["type"]:
        case "object":
            return {
                name: largest(child, length, f"{path}.{name}", number)
                for name, child in schema.get("properties", {}).items()
            }
        case "array":
            return [largest(schema["items"], length, f"{path}[]", item) for item in range(schema["maxItems"])]
        case "integer":
            return min(10**9, schema.get("maximum", 10**9))
        case "boolean":
            return False
        case _:
            return _string(schema, length, path, number)


def size(value: object) -> int:
    """Bytes as the API server stores it."""
    return len(json.dumps(value, separators=(",", ":")).encode())


def _string(schema: Object, length: Length, path: str, number: int) -> str:
    rules = json.dumps(schema.get("x-kubernetes-validations", ""))
    if schema.get("format") == "date-time":
        return "2026-01-02T03:04:05Z"
    if schema.get("pattern", "").startswith("^sha256:"):
        return "sha256:" + "a" * 64
    if "is not a decimal" in rules:
        digits = length(DECIMAL, schema["maxLength"])
        return "0." + "9" * min(15, digits - 2)
    # The letter makes the items of a list differ, where one of their names is the key.
    return "abcdefghijklmnopqrstuvwxyz"[number % 26] * length(path, schema["maxLength"])
