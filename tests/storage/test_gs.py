"""gs:// by the real client library, against an imitation of the published API."""

import pytest

from modelreuse.worker import TaskError
from modelreuse.worker.content import read
from modelreuse.worker.output import Output
from modelreuse.worker.staged import stage
from storage.fake_gcs import FakeGcs, fake_gcs

FIELD = "spec.data.new.uri"
DATA = bytes(range(256)) * 100


@pytest.fixture(scope="module")
def server():
    with fake_gcs() as fake:
        yield fake


@pytest.fixture
def gcs(server: FakeGcs, monkeypatch) -> FakeGcs:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.endpoint)
    server.buckets = {"data": {"q1/new.npz": DATA, "set/a/1.png": b"1", "set/b/2.png": b"22", "set/b/.x": b"hidden"}}
    server.private, server.trouble, server.requests = {"secret"}, [], []
    return server


def test_an_object_comes_back(gcs, places):
    assert read("gs://data/q1/new.npz", FIELD, places).data == DATA


def test_a_folder_is_staged_with_its_names(gcs, places):
    staged = stage("gs://data/set/", FIELD, places, wanted=lambda _: True)

    assert {name: staged.read(name) for name in staged.files} == {"a/1.png": b"1", "b/2.png": b"22"}


def test_a_report_is_written(gcs, places):
    Output("gs://data/reports/", places).write("r.json", b'{"a": 1}')

    assert gcs.buckets["data"]["reports/r.json"] == b'{"a": 1}'
    assert Output("gs://data/reports", places).read("r.json", limit=100) == b'{"a": 1}'
    assert Output("gs://data/reports", places).read("none.json", limit=100) is None


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("gs://data/q1/none.npz", "FileNotFound"),
        ("gs://nowhere/x.npz", "FileNotFound"),
        ("gs://secret/x.npz", "AccessDenied"),
        ("gs://data/q1", "NotAFile"),
    ],
)
def test_what_will_not_heal_is_told(gcs, places, uri, reason):
    with pytest.raises(TaskError) as refusal:
        read(uri, FIELD, places)

    assert (refusal.value.reason, refusal.value.retryable) == (reason, False)
    assert str(refusal.value).startswith(f"spec.data.new.uri: '{uri}': ")


def test_an_absent_folder_is_told(gcs, places):
    with pytest.raises(TaskError) as refusal:
        stage("gs://data/none/", FIELD, places, wanted=lambda _: True)

    assert refusal.value.reason == "FileNotFound"


@pytest.mark.parametrize("status", [429, 503])
def test_what_may_heal_is_tried_again(gcs, places, status):
    gcs.trouble = [status]

    assert read("gs://data/q1/new.npz", FIELD, places).data == DATA
