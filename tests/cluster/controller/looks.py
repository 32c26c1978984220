"""The operator, one look at a time: what it does between two requests of somebody else can be chosen exactly."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cluster.controller.team import Team
from cluster.person import Object
from cluster.waiting import until
from modelreuse.cluster import Client, EventRecorder, Gate, read_manifests
from modelreuse.controller.cache import Cache
from modelreuse.controller.key import Key
from modelreuse.controller.metrics import Metrics
from modelreuse.controller.observe import Observer
from modelreuse.controller.orphans import Orphans
from modelreuse.controller.reconcile import Reconciler
from modelreuse.controller.resync import Resync
from modelreuse.decisions import Observed, Plan, Settings, plan
from unit.decisions import scenes

TEMPLATES = Path(__file__).parents[3] / "charts/model-reuse-operator/templates"


class Looks:
    """The operator's parts without kopf and without the queue's tasks."""

    def __init__(self, client: Client, namespace: str) -> None:
        self.client = client
        self.cache = Cache()
        self.again: list[Key] = []
        """Which checks the operator wants to look at again."""
        self.observed: list[Observed] = []
        self.later = timedelta(0)
        """How far the operator's clock is ahead."""
        self.meanwhile: Callable[[Plan], None] = lambda _plan: None
        """What happens in the world between a decision and the first write."""
        settings = Settings(worker_image="example.invalid/worker:1")
        observer = Observer(client, self.cache, Gate(client, read_manifests(TEMPLATES)), settings)
        events = EventRecorder(client, "test")
        orphans = Orphans(client, self.cache)
        self._reconciler = Reconciler(client, observer, orphans, events, self._plan, self._now, self.again.append)
        self._resync = Resync(client, self.cache, self.again.append, Metrics(), (namespace,))

    async def resync(self) -> None:
        """List everything, as the operator does every few minutes."""
        await self._resync.once()

    async def look(self, check: Object) -> datetime | None:
        """One look."""
        return await self._reconciler.look_at(Key.of(check))

    async def settle(self, check: Object) -> datetime | None:
        """Looks until the operator wants no more."""
        wake_at = await self.look(check)
        for _ in range(10):
            if Key.of(check) not in self.again:
                return wake_at
            self.again.clear()
            wake_at = await self.look(check)
        raise AssertionError("the operator never comes to rest")

    async def assessed(self, team: Team, check: Object) -> None:
        """The check is assessed, and the operator makes of it what it can."""
        await self.settle(check)
        await self.answered(team, check, "assessment", lambda task: scenes.summary(task["task"]))

    async def answered(self, team: Team, check: Object, role: str, message: Callable[[Object], Object]) -> None:
        """The check's Job of that role succeeds with a message, and the operator takes note."""
        job = team.job(check, role)
        team.answer(job, message)
        until(lambda: team["admin"].get(job)["status"].get("succeeded"), "the Job controller saw the answer")
        await self.settle(check)

    def _plan(self, observed: Observed, now: datetime) -> Plan:
        self.observed.append(observed)
        todo = plan(observed, now)
        self.meanwhile(todo)
        return todo

    def _now(self) -> datetime:
        return datetime.now(UTC) + self.later
