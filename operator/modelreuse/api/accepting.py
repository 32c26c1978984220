"""What is accepted of an object that others wrote: by lists of fields, with the path of whatever is refused."""

from collections.abc import Collection, Mapping
from typing import Any

from modelreuse.api.names import GROUP, RESERVED_ENV
from modelreuse.api.types import shortened


class InvalidTemplateError(ValueError):
    """A template that can't be accepted; the message names the field by its path in it, and what is accepted."""


def only(path: str, value: Any, accepted: Collection[str]) -> None:
    """Refuses what is no object, and any field that isn't accepted."""
    if not isinstance(value, Mapping):
        raise InvalidTemplateError(f"{path}{path and ': '}{shown(value)}: must be an object")
    for field in value:
        if field not in accepted:
            known = ", ".join(sorted(accepted)) or "none"
            raise InvalidTemplateError(f"{path}{path and '.'}{shown(field)}: is not accepted; accepted are {known}")


def must_be(path: str, holder: Mapping[str, Any], wanted: object, why: str = "") -> None:
    """Refuses another value than the one, where the field is there."""
    value = holder.get(path.rpartition(".")[2], wanted)
    if value != wanted or type(value) is not type(wanted):
        spelled = str(wanted).lower() if isinstance(wanted, bool) else wanted
        raise InvalidTemplateError(f"{path}: {shown(value)}: {why}only {spelled} is accepted")


def each(path: str, holder: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The objects of a list, with their paths; none where the field isn't there. Refuses anything else."""
    items = holder.get(path.rpartition(".")[2], [])
    if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
        raise InvalidTemplateError(f"{path}: must be a list of objects")
    return [(f"{path}[{index}]", item) for index, item in enumerate(items)]


def only_metadata_of_others(path: str, metadata: Any) -> None:
    """Refuses anything but labels and annotations of others."""
    only(path, metadata, ("annotations", "labels"))
    for field in metadata:
        entries = metadata[field]
        if not isinstance(entries, Mapping) or not all(isinstance(value, str) for value in entries.values()):
            raise InvalidTemplateError(f"{path}.{field}: must be an object of strings")
        for key in entries:
            if str(key).startswith(f"{GROUP}/"):
                raise InvalidTemplateError(
                    f"{path}.{field}: {shown(key)}: names that begin with {GROUP}/ are the operator's; use others"
                )


def must_be_named(path: str, item: Mapping[str, Any]) -> None:
    """Refuses what has no name."""
    if not isinstance(item.get("name"), str):
        raise InvalidTemplateError(f"{path}.name: is missing")


def must_not_be_ours(path: str, item: Mapping[str, Any], reserved: str) -> None:
    """Refuses what has no name, and names that the operator gives."""
    must_be_named(path, item)
    if item["name"].startswith(reserved):
        raise InvalidTemplateError(
            f"{path}.name: {shown(item['name'])}: names that begin with {reserved} are the operator's; choose another"
        )


def only_environment_of_others(path: str, container: Mapping[str, Any]) -> None:
    """Refuses variables that the operator gives."""
    for at, variable in each(f"{path}.env", container):
        if str(variable.get("name", "")).startswith(RESERVED_ENV):
            raise InvalidTemplateError(
                f"{at}.name: {shown(variable['name'])}: names that begin with {RESERVED_ENV} are the operator's; "
                "use others"
            )


def must_be_a_deadline(path: str, holder: Mapping[str, Any]) -> None:
    """Refuses anything but whole seconds, where the field is there."""
    deadline = holder.get(path.rpartition(".")[2], 1)
    if type(deadline) is not int or deadline < 1:
        raise InvalidTemplateError(f"{path}: {shown(deadline)}: give whole seconds, 1 or more")


def must_be_a_switch(path: str, holder: Mapping[str, Any]) -> None:
    """Refuses anything but true and false, where the field is there."""
    value = holder.get(path.rpartition(".")[2], False)
    if type(value) is not bool:
        raise InvalidTemplateError(f"{path}: {shown(value)}: give true or false")


def shown(value: object) -> str:
    """A value from a template in a sentence: short, on one line."""
    text = value if isinstance(value, str) else repr(value)
    return "".join(c if c.isprintable() else "?" for c in shortened(text, 60))
