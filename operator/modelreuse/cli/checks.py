"""From a YAML file to a ModelReuseCheck, strictly: a misspelt field must not silently become a default.

Every error is one line that names the field as a person would write it, the value, and what would be accepted.
"""

import difflib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from modelreuse.api import ModelReuseCheck
from modelreuse.api.names import API_VERSION
from modelreuse.cli.problems import Problem

KIND = "ModelReuseCheck"
_MAX_CHARACTERS = 32 * 2**20


def read_check(path: Path) -> ModelReuseCheck:
    """The one ModelReuseCheck in the file (other kinds beside it are passed over); `-` reads standard input.

    Raises Problem.
    """
    document = _the_check(documents(path), path)
    known = {"apiVersion", "kind", "metadata", "spec", "status"}
    for field in document:
        if field not in known:
            raise Problem(f"{field}: unknown field{_meant(str(field), known)}")
    if document.get("apiVersion") != API_VERSION:
        raise Problem(f"apiVersion: {_shown(document.get('apiVersion'))}: must be {API_VERSION}")
    metadata = document.get("metadata")
    if not isinstance(metadata, dict) or not metadata.get("name"):
        raise Problem("metadata.name: is required")
    try:
        return ModelReuseCheck.parse({key: value for key, value in document.items() if key != "status"})
    except ValidationError as error:
        raise Problem(explain(error, ModelReuseCheck)) from None


def documents(path: Path) -> list[Any]:
    """The YAML (or JSON) documents of a file; `-` reads standard input. Raises Problem."""
    try:
        text = sys.stdin.read(_MAX_CHARACTERS + 1) if str(path) == "-" else path.read_text(encoding="utf-8")
        if len(text) > _MAX_CHARACTERS:
            raise Problem(f"{path}: is longer than {_MAX_CHARACTERS} characters")
        return list(yaml.load_all(text, Loader=_StrictLoader))
    except OSError as error:
        raise Problem(f"{path}: can't be read: {error.strerror}") from None
    except (UnicodeDecodeError, RecursionError):
        raise Problem(f"{path}: is no YAML file") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        at = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise Problem(f"{path}: is no valid YAML: {error.problem}{at}") from None
    except yaml.YAMLError as error:
        raise Problem(f"{path}: is no valid YAML: {error}") from None


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """The first thing that is wrong, in one line, and how many more there are.

    A misspelt field comes before one that is missing: the one is why the other seems to be.
    """
    every = error.errors(include_url=False)
    first = next((each for each in every if each["type"] == "extra_forbidden"), every[0])
    location, what = first["loc"], _what(first, model)
    field, separator, rest = what.partition(": ")
    if first["type"] == "value_error" and separator and field in _siblings(model, location):
        location, what = (*location, field), rest  # a model's own rule says which of its fields is at fault
    more = f" (and {len(every) - 1} more)" if len(every) > 1 else ""
    return f"{spelled(location)}: {what}{more}"


def spelled(location: Sequence[int | str]) -> str:
    """`spec.models[0].uri` from a location as pydantic gives it."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "the check"


def _what(error: Any, model: type[BaseModel]) -> str:
    kind, value = error["type"], error.get("input")
    if kind == "missing":
        return "is required"
    if kind == "extra_forbidden":
        return f"unknown field{_meant(str(error['loc'][-1]), _siblings(model, error['loc'][:-1]))}"
    if kind == "value_error":
        return str(error["msg"]).removeprefix("Value error, ").replace("'", '"')
    if kind == "string_pattern_mismatch":
        pattern = error["ctx"]["pattern"]
        return f"{_shown(value)}: must match {pattern}"
    if kind in {"model_type", "model_attributes_type", "dict_type"}:
        return f"{_shown(value)}: must be a mapping of fields"
    if kind == "list_type":
        return f"{_shown(value)}: must be a list"
    message = str(error["msg"])
    return f"{_shown(value)}: {message[:1].lower()}{message[1:]}".replace("'", '"')


def _siblings(model: type[BaseModel], location: Sequence[int | str]) -> set[str]:
    """Names of the fields that are known where a location leads; empty where that isn't one model."""
    here: Any = model
    for part in location:
        if isinstance(part, int):
            continue
        field = next((f for n, f in here.model_fields.items() if part in {n, f.alias}), None)
        here = None if field is None else _model_in(field.annotation)
        if here is None:
            return set()
    return {field.alias or name for name, field in here.model_fields.items()}


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()) or ():
        found = _model_in(argument)
        if found is not None:
            return found
    return None


def _meant(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; known: {', '.join(sorted(known))}" if known else ""


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 100 else text[:99] + "…"


class _StrictLoader(yaml.SafeLoader):
    """Refuses a key that stands twice: one of the two would be lost without a word."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen = set()
    for key_node, _ in node.value:
        key = key_node.value
        if isinstance(key, str) and key_node.tag != "tag:yaml.org,2002:merge":
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice", key_node.start_mark
                )
            seen.add(key)
    loader.flatten_mapping(node)
    return dict(loader.construct_pairs(node, deep=True))


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _the_check(documents: list[Any], path: Path) -> dict[str, Any]:
    found = [document for document in documents if isinstance(document, dict) and document.get("kind") == KIND]
    if len(found) == 1:
        return found[0]
    if found:
        raise Problem(f"{path}: holds {len(found)} objects of kind {KIND}; give one")
    kinds = [str(document.get("kind")) for document in documents if isinstance(document, dict) and document.get("kind")]
    raise Problem(f"{path}: holds no object of kind {KIND}" + (f", only {', '.join(kinds)}" if kinds else ""))
