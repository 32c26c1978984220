"""The objects that unit tests compare with files are such as a real API server takes from the operator's account."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from cluster.fake_trainer import install, remove
from cluster.person import Object, Person, RefusedError
from cluster.waiting import until
from modelreuse.api.names import OPERATOR_USER

FILES = sorted((Path(__file__).parents[2] / "unit/manifests/golden").glob("*.yaml"))
GOLDEN = {path.stem: yaml.safe_load(path.read_text()) for path in FILES}
JOBS = {name: each for name, each in GOLDEN.items() if each["kind"] == "Job"}
WITH_A_SPEC = {name: each for name, each in GOLDEN.items() if each["kind"] != "RetrainingRecord"}
OF_OUR_WORKER = {name: each for name, each in JOBS.items() if name != "retraining"}
NAMESPACE = "line7"


@pytest.fixture(scope="module")
def namespace(admin: Person) -> Iterator[None]:
    """Where the files' objects stand, under the strictest Pod Security Standard."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"namespace": NAMESPACE, "name": "default"}}
    admin.apply(made)

    def has_account() -> bool:
        try:
            return bool(admin.get(account))
        except RefusedError:
            return False

    until(has_account, "the namespace has its default account")
    yield
    admin.delete(made)


@pytest.fixture(scope="module")
def kinds(admin: Person) -> Iterator[None]:
    """Those of Kubeflow Trainer, which others do without."""
    install(admin)
    yield
    remove(admin)


@pytest.fixture(scope="module")
def operator(admin: Person, chart: list[Object], namespace: None, kinds: None) -> Person:
    """The operator's account with the chart's rights and no others."""
    account = admin.speaking_for(OPERATOR_USER, "system:serviceaccounts", "system:authenticated")
    until(lambda: account.may("create", "batch", "jobs", NAMESPACE), "the operator may create Jobs")
    return account


def test_there_is_one_of_each_kind() -> None:
    kinds = {each["kind"] for each in GOLDEN.values()}
    assert kinds == {"Job", "RetrainingRecord", "Service", "TrainJob", "TrainingRuntime"}


@pytest.mark.parametrize("obj", GOLDEN.values(), ids=GOLDEN)
def test_the_operator_can_create_it(obj: Object, operator: Person) -> None:
    created = operator.create(obj, dryRun="All", fieldValidation="Strict")
    assert created["metadata"]["name"] == obj["metadata"]["name"]


@pytest.mark.parametrize("obj", WITH_A_SPEC.values(), ids=WITH_A_SPEC)
def test_what_the_file_says_is_what_is_stored(obj: Object, operator: Person) -> None:
    created = operator.create(obj, dryRun="All", fieldValidation="Strict")
    assert covers(created["spec"], obj["spec"])


@pytest.mark.parametrize("job", OF_OUR_WORKER.values(), ids=OF_OUR_WORKER)
def test_its_pod_meets_the_strictest_pod_security_standard(job: Object, admin: Person, operator: Person) -> None:
    metadata = {"namespace": NAMESPACE, "name": "as-the-job-controller-makes-it"}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": job["spec"]["template"]["spec"]}
    admin.create(pod, dryRun="All", fieldValidation="Strict")


def covers(stored: object, wanted: object) -> bool:
    """Whether everything that is wanted is stored; the API server adds defaults, and drops empty lists."""
    if isinstance(wanted, dict) and isinstance(stored, dict):
        return all(covers(stored.get(key, []), value) for key, value in wanted.items())
    if isinstance(wanted, list) and isinstance(stored, list):
        return len(stored) == len(wanted) and all(map(covers, stored, wanted))
    return str(stored) == str(wanted)  # a quantity may come back as a string
