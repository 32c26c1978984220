import pytest

from modelreuse.cluster.resources import CHECKS, JOBS, NODES, RECORDS, SERVICES, resource_to_create


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (
            CHECKS.path("team", "c1", "status"),
            "/apis/modelreuse.io/v1alpha1/namespaces/team/modelreusechecks/c1/status",
        ),
        (CHECKS.path(), "/apis/modelreuse.io/v1alpha1/modelreusechecks"),
        (JOBS.path("team"), "/apis/batch/v1/namespaces/team/jobs"),
        (NODES.path(name="n1"), "/api/v1/nodes/n1"),
    ],
)
def test_paths(path: str, wanted: str) -> None:
    assert path == wanted


def test_a_name_can_not_leave_its_place() -> None:
    assert NODES.path(name="../secrets") == "/api/v1/nodes/..%2Fsecrets"


def test_jobs_their_services_and_records_can_be_created() -> None:
    assert resource_to_create({"apiVersion": "batch/v1", "kind": "Job"}) is JOBS
    assert resource_to_create({"apiVersion": "modelreuse.io/v1alpha1", "kind": "RetrainingRecord"}) is RECORDS
    assert resource_to_create({"apiVersion": "v1", "kind": "Service"}) is SERVICES


def test_nothing_else_can_be_created() -> None:
    with pytest.raises(
        ValueError,
        match="v1 Pod: not a kind that the operator creates; "
        "known: Job, RetrainingRecord, Service, TrainJob, TrainingRuntime",
    ):
        resource_to_create({"apiVersion": "v1", "kind": "Pod"})
