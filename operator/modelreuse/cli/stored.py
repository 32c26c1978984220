"""Checks and records as an API server has stored them: asked for now, or from a file that somebody saved.

Whoever runs the command reads by their own kubeconfig, with their own rights. What a file says is what its author let
it say: that is for the command's help to tell.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from modelreuse.api import ModelReuseCheck, RetrainingRecord
from modelreuse.api.names import API_VERSION
from modelreuse.cli.checks import documents, explain
from modelreuse.cli.problems import Problem
from modelreuse.cluster import (
    ApiError,
    Client,
    Json,
    connect,
    list_checks,
    list_records,
    namespace_of,
    read_check,
    read_record,
)

T = TypeVar("T")


@dataclass(frozen=True)
class Stored:
    """What was found, unread: one object that can't be read must not hide the others."""

    checks: tuple[Json, ...] = ()
    records: tuple[Json, ...] = ()


@dataclass(frozen=True)
class Place:
    """Where a person points: a context of the kubeconfig and a namespace; None means the usual one."""

    context: str | None = None
    namespace: str | None = None


def in_file(path: Path, place: Place) -> Stored:
    """The checks and records in a file, also those inside a List as `kubectl get -o yaml` prints it. Raises Problem."""
    if place != Place():
        raise Problem("--context and --namespace are about a cluster; a file is read as it is")
    found = list(_objects(documents(path)))
    checks, records = (
        tuple(each for each in found if each.get("kind") == kind) for kind in ("ModelReuseCheck", "RetrainingRecord")
    )
    if not checks and not records:
        raise Problem(f"{path}: holds no ModelReuseCheck and no RetrainingRecord of {API_VERSION}")
    return Stored(checks, records)


def check_with_records(place: Place, name: str) -> Stored:
    """A check, and all records of its namespace. Raises Problem."""

    async def ask(client: Client, namespace: str) -> Stored:
        check = await read_check(client, namespace, name)
        if check is None:
            raise Problem(f"there is no ModelReuseCheck {name} in namespace {namespace}")
        return Stored((check,), await _all(list_records(client, namespace)))

    return _asked(place, ask)


def record(place: Place, name: str) -> Stored:
    """One record. Raises Problem."""

    async def ask(client: Client, namespace: str) -> Stored:
        found = await read_record(client, namespace, name)
        if found is None:
            raise Problem(f"there is no RetrainingRecord {name} in namespace {namespace}")
        return Stored(records=(found,))

    return _asked(place, ask)


def checks(place: Place) -> Stored:
    """All checks of the namespace. Raises Problem."""

    async def ask(client: Client, namespace: str) -> Stored:
        return Stored(checks=await _all(list_checks(client, namespace)))

    return _asked(place, ask)


def parsed_check(served: Json) -> ModelReuseCheck:
    """A check as this version understands it. Raises Problem."""
    return _parsed(ModelReuseCheck, served)


def parsed_record(served: Json) -> RetrainingRecord:
    """A record as this version understands it. Raises Problem."""
    return _parsed(RetrainingRecord, served)


Kind = TypeVar("Kind", ModelReuseCheck, RetrainingRecord)


def _parsed(kind: type[Kind], served: Json) -> Kind:
    try:
        return kind.model_validate(served)
    except ValidationError as error:
        metadata = served.get("metadata")
        name = metadata.get("name") if isinstance(metadata, Mapping) else None
        raise Problem(f"{kind.__name__} {name}: {explain(error, kind)}") from None


def in_cluster(place: Place, ask: Callable[[Client, str], Awaitable[T]]) -> T:
    """What `ask` makes of a connection and the namespace that is meant. Raises what it raises, and ConnectionError."""

    async def asking() -> T:
        namespace = place.namespace or namespace_of(place.context)
        client = await connect(place.context)
        try:
            return await ask(client, namespace)
        finally:
            await client.close()

    return asyncio.run(asking())


def _asked(place: Place, ask: Callable[[Client, str], Awaitable[T]]) -> T:
    try:
        return in_cluster(place, ask)
    except (ApiError, ConnectionError) as error:
        raise Problem(f"the API server can't be asked: {error}") from None


async def _all(listing: AsyncIterator[Json]) -> tuple[Json, ...]:
    return tuple([each async for each in listing])


def _objects(found: Iterable[Any]) -> Iterable[Json]:
    for document in found:
        if not isinstance(document, dict):
            continue
        if document.get("apiVersion") == API_VERSION and not isinstance(document.get("items"), list):
            yield document
        items = document.get("items")
        yield from _objects(items if isinstance(items, list) else [])
