"""The parts put together, started, and ended in order: the only place that knows them all."""

import asyncio
import logging
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import kopf

from modelreuse.cluster import NAMES_ALONE, ElectricityMapsClient, EventRecorder, Gate, connect, read_manifests
from modelreuse.controller.cache import Cache
from modelreuse.controller.calibrations import Calibrations
from modelreuse.controller.intensities import Intensities
from modelreuse.controller.metrics import Metrics
from modelreuse.controller.observe import Observer
from modelreuse.controller.orphans import Orphans
from modelreuse.controller.queue import Queue
from modelreuse.controller.reconcile import Reconciler
from modelreuse.controller.resync import EVERY, Resync
from modelreuse.controller.serving import serve
from modelreuse.controller.watching import registry, settings
from modelreuse.decisions import Settings, plan

_log = logging.getLogger(__name__)

GRACE = 10.0
"""Seconds that looks which have begun are given to end."""


@dataclass(frozen=True)
class Options:
    """How the operator was started."""

    worker_image: str
    namespaces: tuple[str, ...] = ()
    """Where checks are looked after; empty is everywhere."""
    port: int = 8080
    gate_manifests: Path | None = None
    resync_seconds: float = EVERY.total_seconds()
    electricity_maps_key_file: Path | None = None


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


async def run(options: Options, *, clock: Callable[[], datetime] = utc_now) -> None:
    """The operator, until SIGTERM or SIGINT.

    Raises ConnectionError where no API server is known, ValueError for unusable gate manifests, and an ExceptionGroup
    when a part that must live forever has died.
    """
    manifests = read_manifests(options.gate_manifests) if options.gate_manifests else NAMES_ALONE
    client = await connect()
    try:
        cache, metrics = Cache(), Metrics()
        metrics.count_checks(cache.checks_by_recommendation)
        observer = Observer(client, cache, Gate(client, manifests), Settings(worker_image=options.worker_image))
        instance = os.environ.get("HOSTNAME") or socket.gethostname()
        queue: Queue
        reconciler = Reconciler(
            client,
            observer,
            Orphans(client, cache),
            EventRecorder(client, instance),
            plan,
            clock,
            again=lambda key: queue.add(key),
        )
        queue = Queue(reconciler.look_at, clock=clock, metrics=metrics)
        resync = Resync(
            client, cache, queue.add_later, metrics, options.namespaces or (None,), every=options.resync_seconds
        )
        calibrations = Calibrations(client, cache, clock, every=options.resync_seconds)
        intensities = Intensities(
            client,
            cache,
            ElectricityMapsClient(),
            options.electricity_maps_key_file,
            clock,
            every=options.resync_seconds,
        )
        ready = resync.listed_once.is_set

        def alive() -> bool:
            return not ready() or queue.is_alive(clock())

        async with (
            serve(options.port, metrics.registry, alive=alive, ready=ready) as port,
            asyncio.TaskGroup() as parts,
        ):
            _log.info("serving metrics and probes on port %d", port)
            looking = parts.create_task(_look(queue, resync))
            listing = parts.create_task(resync.run())
            judging = parts.create_task(calibrations.run(resync.listed_once))
            asking = parts.create_task(intensities.run(resync.listed_once))
            await kopf.operator(
                registry=registry(client, cache, queue, metrics),
                settings=settings(),
                standalone=True,
                clusterwide=not options.namespaces,
                namespaces=options.namespaces,
            )
            listing.cancel()
            judging.cancel()
            asking.cancel()
            queue.stop()
            await asyncio.wait([looking], timeout=GRACE)
            looking.cancel()
    finally:
        await client.close()
    _log.info("ended")


async def _look(queue: Queue, resync: Resync) -> None:
    """Looks begin when the cache is filled: without policies every check would look ungoverned."""
    await resync.listed_once.wait()
    await queue.run()
