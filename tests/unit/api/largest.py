"""The largest value that a schema allows: every field there, every list full, every string and number at its limit."""

import json
from typing import Any

Json = dict[str, Any]
LONGEST_DECIMAL = "-0.000000000999999"
"""Of what `decimal` gives: fifteen digits after the point."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def largest(schema: Json, number: int = 0) -> Any:
    """A value of a structural schema; `number` makes the items of a list differ: one of their names is the key."""
    if "enum" in schema:
        return max(schema["enum"], key=len)
    match schema["type"]:
        case "object":
            return {name: largest(child, number) for name, child in schema["properties"].items()}
        case "array":
            return [largest(schema["items"], item) for item in range(schema["maxItems"])]
        case "integer":
            return schema["maximum"]
        case "boolean":
            return False
    return _string(schema, number)


def size(value: object) -> int:
    """Characters of compact JSON."""
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False))


def _string(schema: Json, number: int) -> str:
    rules = json.dumps(schema.get("x-kubernetes-validations", ""))
    if schema.get("format") == "date-time":
        return "2026-01-02T03:04:05Z"
    if schema.get("pattern", "").startswith("^sha256:"):
        return "sha256:" + "a" * 64
    if "is not a decimal" in rules:
        return LONGEST_DECIMAL.lstrip("-" if "double(self) >= 0.0" in rules else "")
    return _LETTERS[number % len(_LETTERS)] * int(schema["maxLength"])
