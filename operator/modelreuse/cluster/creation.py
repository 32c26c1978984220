"""Creating an object once, and knowing what came of it.

An object is created by POST under a fixed name, never applied: who stands under the name already is looked at by
whoever asked, and never adopted. A POST whose answer got lost is never sent again: the object may have been made,
have run and have been removed in the meantime. Then we look whether it appears.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from modelreuse.api import Failure
from modelreuse.cluster.client import Client, Json
from modelreuse.cluster.errors import (
    AlreadyExistsError,
    NotFoundError,
    RefusedError,
    UnavailableError,
    UnsentError,
)
from modelreuse.cluster.resources import Resource, resource_to_create
from modelreuse.cluster.words import failure_of


@dataclass(frozen=True)
class Created:
    """It is there now, and was not before."""

    uid: str


@dataclass(frozen=True)
class Exists:
    """Something stood under this name before. Whose it is, nobody has looked."""


@dataclass(frozen=True)
class Refused:
    """A definite no; nothing was created."""

    failure: Failure


RESTS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0)
"""Seconds between attempts to reach a server that can't be reached."""
LOOKS = (1.0,) * 65
"""Seconds between looks for what may have been created: API servers give up on a request after 60."""
LONGEST = 90.0
"""Seconds for all looks together, where each takes its time."""

Sleep = Callable[[float], Awaitable[None]]


async def create_once(
    client: Client, obj: Mapping[str, Any], *, sleep: Sleep = asyncio.sleep
) -> Created | Exists | Refused:
    """POST `obj`, for as long as the server has surely not seen it; when that is in doubt, wait for it to appear.

    Raises UnavailableError when it didn't appear, or when the server can't be reached.
    """
    for rest in RESTS:
        try:
            return await create(client, obj)
        except UnsentError:
            await sleep(rest)
        except UnavailableError:
            return await _appeared(client, obj, sleep)
    return await create(client, obj)


async def create(client: Client, obj: Mapping[str, Any]) -> Created | Exists | Refused:
    """POST `obj`. Raises UnavailableError when nobody knows whether it was created."""
    return await _posted(client.create, obj)


async def dry_create(client: Client, obj: Mapping[str, Any]) -> Created | Exists | Refused:
    """What would come of it; nothing is stored. Raises UnavailableError when there is no telling."""
    return await _posted(client.dry_create, obj)


async def _posted(
    post: Callable[[Resource, Mapping[str, Any], str | None], Awaitable[Json]], obj: Mapping[str, Any]
) -> Created | Exists | Refused:
    resource = resource_to_create(obj)
    try:
        stored = await post(resource, obj, obj["metadata"].get("namespace"))
    except AlreadyExistsError:
        return Exists()
    except RefusedError as error:
        if error.status == 409:  # optimistic locking inside the server, as quota has it: nothing was stored
            raise UnsentError(error.message) from error
        return Refused(failure_of(error.reason, error.message, "Refused"))
    return Created(uid=stored["metadata"]["uid"])


async def _appeared(client: Client, obj: Mapping[str, Any], sleep: Sleep) -> Exists:
    metadata = obj["metadata"]
    with suppress(TimeoutError):
        async with asyncio.timeout(LONGEST):
            for pause in LOOKS:
                try:
                    await client.get(resource_to_create(obj), metadata["name"], metadata.get("namespace"))
                except (NotFoundError, UnavailableError):
                    await sleep(pause)
                else:
                    return Exists()
    raise UnavailableError(f"{obj['kind']} {metadata['name']}: asked for, never answered, and not there")
