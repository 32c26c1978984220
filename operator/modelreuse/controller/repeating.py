"""What is done every few minutes beside the looks at checks, and must not stop when it fails once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from modelreuse.controller.queue import unexpected

_log = logging.getLogger(__name__)


async def repeated(what: Callable[[], Awaitable[None]], listed: asyncio.Event, every: float, complaint: str) -> None:
    """Until cancelled, once everything was listed; `every`: seconds between one end and the next beginning."""
    await listed.wait()
    while True:
        try:
            await what()
        except Exception as error:  # noqa: BLE001 - checks don't wait for this, and must not stop for it
            _log.error("%s: %s", complaint, error, exc_info=unexpected(error))
        await asyncio.sleep(every)
