import pytest

from modelreuse.controller.metrics import Metrics


def test_looks_are_counted_by_result_and_timed() -> None:
    metrics = Metrics()
    with metrics.reconciling():
        pass
    with metrics.reconciling() as reconciliation:
        reconciliation.failed()
    value = metrics.registry.get_sample_value
    assert value("modelreuse_reconciliations_total", {"result": "ok"}) == 1
    assert value("modelreuse_reconciliations_total", {"result": "error"}) == 1
    assert value("modelreuse_reconciliation_seconds_count") == 2


def test_results_that_never_happened_are_zero_and_not_absent() -> None:
    assert Metrics().registry.get_sample_value("modelreuse_reconciliations_total", {"result": "error"}) == 0


def test_checks_are_counted_when_asked() -> None:
    metrics = Metrics()
    counts = {"": 1}
    metrics.count_checks(lambda: counts)
    counts["Retrain"] = 3
    value = metrics.registry.get_sample_value
    assert value("modelreuse_checks", {"recommendation": "Retrain"}) == 3
    assert value("modelreuse_checks", {"recommendation": ""}) == 1


@pytest.mark.parametrize("resource", ["modelreusechecks", "pods"])
def test_watch_events_leave_their_time(resource: str) -> None:
    metrics = Metrics()
    metrics.saw_event(resource)
    value = metrics.registry.get_sample_value("modelreuse_last_event_timestamp_seconds", {"resource": resource})
    assert value is not None
    assert value > 0
