"""What the operator says of itself to Prometheus. Measures, and knows nothing of what it measures."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

_PREFIX = "modelreuse"


@dataclass
class Reconciliation:
    """One look at a check, while it lasts."""

    result: str = "ok"

    def failed(self) -> None:
        """It is counted as an error."""
        self.result = "error"


class Metrics:
    """The operator's metrics, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._reconciliations = Counter(
            f"{_PREFIX}_reconciliations", "Looks at a check, by result (ok, error).", ["result"], registry=self.registry
        )
        self._durations = Histogram(
            f"{_PREFIX}_reconciliation_seconds",
            "Seconds that a look at a check took.",
            buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100),
            registry=self.registry,
        )
        self.queue_depth = Gauge(f"{_PREFIX}_queue_depth", "Checks that wait to be looked at.", registry=self.registry)
        self._last_event = Gauge(
            f"{_PREFIX}_last_event_timestamp_seconds",
            "When the last watch event of a kind arrived; quiet clusters have old ones.",
            ["resource"],
            registry=self.registry,
        )
        self._last_resync = Gauge(
            f"{_PREFIX}_last_resync_timestamp_seconds", "When everything was last listed.", registry=self.registry
        )
        for result in ("ok", "error"):
            self._reconciliations.labels(result)

    @contextmanager
    def reconciling(self) -> Iterator[Reconciliation]:
        """Count and time what happens within."""
        reconciliation = Reconciliation()
        begun = time.perf_counter()
        try:
            yield reconciliation
        finally:
            self._durations.observe(time.perf_counter() - begun)
            self._reconciliations.labels(reconciliation.result).inc()

    def saw_event(self, resource: str) -> None:
        """A watch event of this resource arrived."""
        self._last_event.labels(resource).set_to_current_time()

    def resynced(self) -> None:
        """Everything was listed."""
        self._last_resync.set_to_current_time()

    def count_checks(self, by_recommendation: Callable[[], Mapping[str, int]]) -> None:
        """Export how many checks have which recommendation, asked for at each scrape."""
        self.registry.register(_Checks(by_recommendation))


class _Checks(Collector):
    def __init__(self, by_recommendation: Callable[[], Mapping[str, int]]) -> None:
        self._by_recommendation = by_recommendation

    def collect(self) -> Iterable[GaugeMetricFamily]:
        family = GaugeMetricFamily(
            f"{_PREFIX}_checks", "Checks by recommendation; empty while there is none.", labels=["recommendation"]
        )
        for recommendation, number in sorted(self._by_recommendation().items()):
            family.add_metric([recommendation], number)
        yield family
