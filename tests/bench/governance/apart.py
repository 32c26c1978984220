"""Functions that are run in processes of their own: what one of them imports, or breaks, is nobody else's."""

import resource
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext
from typing import Any


def answer_from(
    context: ForkServerContext | SpawnContext, seconds: int, function: Callable[..., object], *arguments: object
) -> Any:
    """What the function returns there. EOFError where it never does: it died, or took so much processor time."""
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(there, seconds, function, arguments))
    process.start()
    there.close()
    try:
        return here.recv()
    finally:
        process.kill()
        process.join()
        here.close()


def _send(answer: Connection, seconds: int, function: Callable[..., object], arguments: tuple[object, ...]) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    answer.send(function(*arguments))
