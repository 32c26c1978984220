"""A server that answers as it is told, to see what we make of answers that a healthy API server doesn't give.

It imitates nothing but HTTP and the Status object (k8s.io/apimachinery meta/v1).
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from kubernetes.aio.client import Configuration

from modelreuse.cluster import Client


@dataclass(frozen=True)
class Answer:
    status: int
    body: dict[str, Any] | str


def no(status: int, reason: str, message: str = "no") -> Answer:
    return Answer(status, {"kind": "Status", "status": "Failure", "reason": reason, "message": message})


def yes(**body: Any) -> Answer:
    return Answer(200, {"metadata": {"name": "o", "uid": "u1"}, **body})


HANGS_UP = Answer(0, "")
"""Closes the connection without a word."""


@dataclass
class Server:
    answers: list[Answer]
    asked: list[str] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.path_qs}")
        self.bodies.append(await request.json() if request.can_read_body else None)
        answer = self.answers.pop(0)
        if answer is HANGS_UP:
            assert request.transport is not None
            request.transport.abort()
        if isinstance(answer.body, str):
            return web.Response(status=answer.status or 500, text=answer.body)
        return web.json_response(answer.body, status=answer.status)


@asynccontextmanager
async def server(answers: Iterable[Answer]) -> AsyncIterator[tuple[Server, Client]]:
    """A server with these answers, in this order, and a client of it."""
    told = Server(list(answers))
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", told.answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    client = Client(Configuration(host=f"http://127.0.0.1:{runner.addresses[0][1]}"))
    try:
        yield told, client
    finally:
        await client.close()
        await runner.cleanup()
