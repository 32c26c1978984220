"""One look at one check: observe, ask the rules, carry out. Everything that is written is written here.

The order is the promise: status first, guarded by the version that was read, and only when that is stored what it
announces. Whoever was faster makes this look void, and the next one starts from what they left.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from modelreuse.api import ModelReuseCheck
from modelreuse.cluster import (
    Client,
    Created,
    EventRecorder,
    Exists,
    Refused,
    RefusedError,
    StatusWrite,
    create_once,
    delete_job,
    read_check,
    record_outcome,
    set_deadline,
    write_status,
)
from modelreuse.controller.invalid import status_of_invalid
from modelreuse.controller.key import Key
from modelreuse.controller.ledgers import store_ledgers
from modelreuse.controller.observe import Observer
from modelreuse.controller.orphans import Orphans
from modelreuse.controller.refusals import Refusals
from modelreuse.decisions import Observed, OwnedJob, Plan, names_in

_log = logging.getLogger(__name__)

Rules = Callable[[Observed, datetime], Plan]


@dataclass(frozen=True)
class Reconciler:
    """Looks at checks and does what follows."""

    client: Client
    observer: Observer
    orphans: Orphans
    events: EventRecorder
    plan: Rules
    clock: Callable[[], datetime]
    again: Callable[[Key], None]
    """Ask for another look."""
    refusals: Refusals = field(default_factory=Refusals)

    async def look_at(self, key: Key) -> datetime | None:
        """One look. Returns when time alone will change the answer.

        Raises ApiError when the API server doesn't do what is needed; nothing is half done then that the next look
        wouldn't continue.
        """
        served = await read_check(self.client, key.namespace, key.name)
        wake_at = None
        if served is None:
            self.refusals.forget(key)
        elif "deletionTimestamp" not in served["metadata"]:
            wake_at = await self._follow(key, served)
        await self.orphans.complete(key, served["metadata"]["uid"] if served else None, self.clock())
        return wake_at

    async def _follow(self, key: Key, served: dict[str, Any]) -> datetime | None:
        now = self.clock()
        try:
            check = ModelReuseCheck.parse(served)
        except ValidationError as error:
            await self._store(key, served, status_of_invalid(served, error, now))
            return None
        observed = await self.observer.observe(check, served, self.refusals.of(key), now)
        # A prediction from a thousand records takes seconds: watches, probes and other checks go on meanwhile.
        todo = await asyncio.to_thread(self.plan, observed, now)
        return await self._carry_out(key, served, check, todo)

    async def _carry_out(
        self, key: Key, served: Mapping[str, Any], check: ModelReuseCheck, todo: Plan
    ) -> datetime | None:
        status = todo.status.to_wire()
        changed = status != check.status.to_wire()
        if changed and not await self._store(key, served, status):
            return None
        if not await store_ledgers(self.client, self.observer.cache, todo.ledgers):
            self.again(key)
            return None
        for obj in todo.create:
            await self._create(key, obj)
        self.refusals.keep(key, names_in(todo.status))
        for job in todo.delete:
            await self._delete(key, job)
        for deadline in todo.deadlines:
            await set_deadline(self.client, key.namespace, deadline.job, deadline.uid, deadline.seconds)
            _log.info("Job %s: %d s are left of the approved time", deadline.job, deadline.seconds)
        if todo.outcome is not None:
            await record_outcome(self.client, key.namespace, todo.outcome.record, todo.outcome.outcome)
            _log.info("record %s: %s", todo.outcome.record, todo.outcome.outcome.result)
        for event in todo.events:
            await self.events.tell(served, event.type, event.reason, event.message, now=self.clock())
        if changed or todo.create or todo.ledgers:
            self.again(key)
        return todo.wake_at

    async def _store(self, key: Key, served: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
        """Write the status; False when the check has changed since it was read, and must be looked at again."""
        if status == served.get("status"):
            return True
        written = await write_status(self.client, served, status)
        if written is StatusWrite.STALE:
            _log.info("the check changed meanwhile; looking again")
            self.again(key)
            return False
        ready: Mapping[str, Any] = next((each for each in status.get("conditions", ()) if each["type"] == "Ready"), {})
        _log.info("status stored: Ready=%s, %s", ready.get("status"), ready.get("reason"))
        return True

    async def _create(self, key: Key, obj: Mapping[str, Any]) -> None:
        what = f"{obj['kind']} {obj['metadata']['name']}"
        match await create_once(self.client, obj):
            case Created():
                _log.info("created %s", what)
                self.refusals.appeared(key, obj["metadata"]["name"])
            case Refused(failure):
                _log.warning("refused: %s: %s", what, failure.message)
                self.refusals.remember(key, obj["metadata"]["name"], failure, self.clock())
            case Exists():
                _log.info("%s exists already", what)
                self.refusals.appeared(key, obj["metadata"]["name"])

    async def _delete(self, key: Key, job: OwnedJob) -> None:
        """Delete what is of no more use. Nobody waits for it, so a refusal is no error; the next look asks again."""
        try:
            await delete_job(self.client, key.namespace, job.name, job.uid, job.kind)
        except RefusedError as error:
            _log.warning("%s %s stays, though it is of no more use: %s", job.kind, job.name, error)
        else:
            _log.info("deleted %s %s: of no more use", job.kind, job.name)
            self.observer.cache.jobs.forget(Key(key.namespace, job.name), job.kind)
