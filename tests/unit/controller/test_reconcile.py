"""A look at a check holds nobody up, however long its rules think."""

import asyncio
from datetime import UTC, datetime

import aiohttp
from prometheus_client import CollectorRegistry

from modelreuse.cluster import EventRecorder, Gate
from modelreuse.controller.cache import Cache
from modelreuse.controller.key import Key
from modelreuse.controller.observe import Observer
from modelreuse.controller.orphans import Orphans
from modelreuse.controller.reconcile import Reconciler
from modelreuse.controller.serving import serve
from modelreuse.costs import Experience
from modelreuse.decisions import Observed, Plan, Settings
from unit.cluster_client.fake_api_server import server, yes
from unit.controller import served
from unit.costs.worlds import situation, world

NOW = datetime(2026, 6, 1, tzinfo=UTC)


async def test_probes_are_answered_while_a_thousand_records_are_learnt_from() -> None:
    loop, begun, ended = asyncio.get_running_loop(), asyncio.Event(), False

    def learns(observed: Observed, _now: datetime) -> Plan:
        nonlocal ended
        loop.call_soon_threadsafe(begun.set)
        Experience(world(0, shifts=20, per_shift=50)).forecast(situation(), 600)
        ended = True
        return Plan(observed.check.status)

    check = served.check()
    answers = [yes(**check), yes(metadata={"name": "team", "labels": {}})]
    async with (
        server(answers) as (_, client),
        serve(0, CollectorRegistry(), alive=lambda: True, ready=lambda: True) as port,
        aiohttp.ClientSession() as session,
    ):
        gate = Gate(client, {}, _looked_at=NOW)
        observer = Observer(client, Cache(), gate, Settings(worker_image="i"))
        orphans, events = Orphans(client, Cache()), EventRecorder(client, "test")
        reconciler = Reconciler(client, observer, orphans, events, learns, lambda: NOW, again=lambda _key: None)
        look = asyncio.create_task(reconciler.look_at(Key("team", "digits")))
        await begun.wait()
        async with session.get(f"http://127.0.0.1:{port}/healthz") as answer:
            assert answer.status == 200
        assert not ended
        await look
        assert ended
