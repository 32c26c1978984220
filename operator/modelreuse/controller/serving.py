"""The operator's own HTTP port: metrics for Prometheus, and whether it lives and is ready for the kubelet."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest

Check = Callable[[], bool]


@asynccontextmanager
async def serve(port: int, metrics: CollectorRegistry, *, alive: Check, ready: Check) -> AsyncIterator[int]:
    """Answers while the block runs; yields the port, which is a free one where 0 was asked for."""

    async def show_metrics(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(metrics), headers={"Content-Type": "text/plain; version=0.0.4"})

    def probe(check: Check) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(_request: web.Request) -> web.Response:
            return web.Response(text="ok\n") if check() else web.Response(text="no\n", status=503)

        return answer

    application = web.Application()
    application.router.add_get("/metrics", show_metrics)
    application.router.add_get("/healthz", probe(alive))
    application.router.add_get("/readyz", probe(ready))
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        site = web.SockSite(runner, _listening(port))
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _listening(port: int) -> socket.socket:
    """One socket for IPv4 and IPv6 where the machine has both, so that there is one port."""
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", port))
