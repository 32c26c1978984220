"""s3:// against a real S3 server: reading, folders, reports, rights, and a network that fails."""

import hashlib
import io
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from modelreuse.api import AssessmentReport, AssessmentTask, DataSource, DataSources, VerificationTask
from modelreuse.worker import Places, TaskError
from modelreuse.worker.assess import assess
from modelreuse.worker.content import read
from modelreuse.worker.data import data_sha256, load_data
from modelreuse.worker.output import Output
from modelreuse.worker.schemes.filesystem import FileSystemStorage
from modelreuse.worker.schemes.storage import RemoteFile
from modelreuse.worker.staged import BLOCK_BYTES, stage
from modelreuse.worker.verify import verify
from objectstore import ObjectStore
from storage.serving import QuietHandler, served
from unit.worker.tiny import build, exported

FIELD = "spec.data.new.uri"
BIG = bytes(range(256)) * (BLOCK_BYTES // 256) + b"the end"
USER = ("someone", "someones-secret-key")


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Iterator[ObjectStore]:
    with ObjectStore.up(tmp_path_factory.mktemp("s3")) as store:
        store.add_user(*USER)
        yield store


def client(store: ObjectStore):
    """The same library that the worker uses, as an administrator."""
    import s3fs

    return s3fs.S3FileSystem(
        key=store.access_key, secret=store.secret_key, endpoint_url=store.endpoint, skip_instance_cache=True
    )


@pytest.fixture(scope="module")
def bucket(store) -> str:
    """A bucket with one of everything."""
    files = client(store)
    files.mkdir("line7")
    files.mkdir("locked")
    files.mkdir("empty")
    array = io.BytesIO()
    np.savez(array, inputs=np.arange(12.0).reshape(3, 4), labels=np.arange(3))
    files.pipe_file("line7/q1/new.npz", array.getvalue())
    files.pipe_file("line7/q1/big.bin", BIG)
    files.pipe_file("locked/x.npz", b"x")
    for name, colour in {"a/1.png": "red", "b/2.png": "blue", "b/.hidden.png": "blue"}.items():
        picture = io.BytesIO()
        Image.new("RGB", (8, 8), colour).save(picture, "PNG")
        files.pipe_file(f"line7/set/{name}", picture.getvalue())
    return "line7"


@pytest.fixture
def environment(store, bucket, monkeypatch) -> None:
    """What a pod's environment holds."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", store.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", store.secret_key)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", store.endpoint)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")


@pytest.fixture
def roomy(places) -> Places:
    """Scratch for a few blocks."""
    return Places(claims_root=places.claims_root, scratch=places.scratch, scratch_limit=2**26)


pytestmark = pytest.mark.usefixtures("environment")


def refused(uri: str, places: Places) -> TaskError:
    with pytest.raises(TaskError) as refusal:
        read(uri, FIELD, places)
    assert str(refusal.value).startswith(f"{FIELD}: '{uri}': ")
    return refusal.value


# --- what works


def test_an_object_comes_back_with_its_hash(places):
    content = read("s3://line7/q1/big.bin", FIELD, places)

    assert content.data == BIG
    assert content.sha256 == "sha256:" + hashlib.sha256(BIG).hexdigest()


def test_an_object_is_staged_and_hashed_while_it_is_downloaded(roomy):
    staged = stage("s3://line7/q1/big.bin", FIELD, roomy)

    assert staged.sha256 == "sha256:" + hashlib.sha256(BIG).hexdigest()
    assert staged.read("big.bin") == BIG
    del staged
    assert list(roomy.scratch.iterdir()) == []


def test_a_hash_alone_writes_nothing(roomy):
    staged = stage("s3://line7/q1/big.bin", FIELD, roomy, keep=False)

    assert staged.sha256 == "sha256:" + hashlib.sha256(BIG).hexdigest()
    assert list(roomy.scratch.iterdir()) == []


def test_a_folder_of_images_is_a_data_set(places):
    source = DataSource(uri="s3://line7/set/")
    sources = DataSources(inputs=["x"], labels="y", reference=source, new=source)
    data = load_data(source, FIELD, sources, places)

    ((arguments, labels, _),) = data.batches(8)

    assert data.classes == ("a", "b")
    assert labels.tolist() == [0, 1]
    assert arguments[0].shape == (2, 3, 224, 224)


def test_a_report_is_written_and_read(store, places):
    output = Output("s3://line7/reports/", places)
    output.write("r.json", b"{}")

    assert output.read("r.json", limit=10) == b"{}"
    assert output.read("none.json", limit=10) is None
    assert client(store).cat_file("line7/reports/r.json") == b"{}"


@pytest.fixture
def task(store, bucket) -> AssessmentTask:
    """Weights, data and reports, all in the bucket."""
    files = client(store)
    random = np.random.default_rng(0)
    for name, shift in {"old": 0.0, "shifted": 0.5}.items():
        labels = np.arange(120) % 3
        inputs = np.eye(3, 4)[labels] * 3 + random.normal(size=(120, 4)) + shift
        array = io.BytesIO()
        np.savez(array, inputs=inputs.astype("f4"), labels=labels)
        files.pipe_file(f"line7/{name}.npz", array.getvalue())
    files.pipe_file("line7/m.pt2", exported(build(), torch.zeros(2, 4)))
    return AssessmentTask.model_validate(
        {
            "task": "t",
            "model": {"name": "current", "uri": "s3://line7/m.pt2"},
            "data": {
                "labels": "labels",
                "reference": {"uri": "s3://line7/old.npz"},
                "new": {"uri": "s3://line7/shifted.npz"},
                "evaluation": {"uri": "s3://line7/shifted.npz"},
            },
            "probeBatchSize": None,
            "output": "s3://line7/out/",
        }
    )


def test_an_assessment_from_the_bucket_to_the_bucket(task, store, places):
    first, second = assess(task, places), assess(task, places)

    files = client(store)
    (report,) = {name for name in files.ls("line7/out") if second.summary.report_sha256[7:23] in name}
    assert AssessmentReport.model_validate(json.loads(files.cat_file(report))) == second.report
    assert first.summary.hashes == second.summary.hashes
    assert "ReferenceCached" in {finding.reason for finding in second.summary.findings}
    assert list(places.scratch.iterdir()) == []


def test_a_verification_from_the_bucket(task, places):
    weights = read("s3://line7/m.pt2", FIELD, places)
    done = verify(
        VerificationTask(
            task="v",
            old=task.model,
            new=task.model,
            artifact_sha256=weights.sha256,
            data=task.data,
            objective=task.objective,
        ),
        places,
    )

    assert done.samples == 120
    assert done.evaluation_sha256 == data_sha256(task.data.evaluation, FIELD, places)
    assert done.old_quality == done.new_quality


def test_a_pod_without_a_home_of_its_own_does_the_same(task, places, tmp_path):
    log = tmp_path / "termination-log"
    log.touch()
    environment = {
        **{name: value for name, value in os.environ.items() if name.startswith("AWS_")},
        "HOME": str(places.scratch),
        "TMPDIR": str(places.scratch),
        "PATH": "/usr/bin:/bin",
        "MODELREUSE_TASK": task.model_dump_json(by_alias=True),
        "MODELREUSE_TERMINATION_LOG": str(log),
    }
    program = f"import sys; sys.path.insert(0, {str(Path('operator').resolve())!r}); " + (
        "from modelreuse.worker.__main__ import main; sys.exit(main())"
    )

    done = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(log.read_text())["samples"] == 120
    assert list(places.scratch.glob("modelreuse-*")) == []
    assert "administrator" not in done.stdout + done.stderr


# --- what will not heal


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("s3://line7/q1/none.npz", "FileNotFound"),
        ("s3://nowhere/x.npz", "BucketNotFound"),
        ("s3://line7/set", "NotAFile"),
    ],
)
def test_what_is_not_there_is_told(places, uri, reason):
    error = refused(uri, places)

    assert (error.reason, error.retryable) == (reason, False)


@pytest.mark.parametrize(("uri", "reason"), [("s3://empty/", "FileNotFound"), ("s3://nowhere/", "BucketNotFound")])
def test_an_absent_folder_is_told(places, uri, reason):
    with pytest.raises(TaskError) as refusal:
        stage(uri, FIELD, places, wanted=lambda _: True)

    assert refusal.value.reason == reason


def test_what_the_account_may_not_read_is_told(places, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", USER[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", USER[1])

    error = refused("s3://locked/x.npz", places)

    assert (error.reason, error.retryable) == ("AccessDenied", False)
    assert "assessment.template" in str(error)


def test_what_the_account_may_not_write_is_told(places, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", USER[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", USER[1])

    with pytest.raises(TaskError) as refusal:
        Output("s3://locked/reports", places).write("r.json", b"{}")

    assert refusal.value.reason == "AccessDenied"
    assert str(refusal.value).startswith("spec.assessment.output: 's3://locked/reports/r.json': ")


@pytest.mark.parametrize(
    ("name", "value"), [("AWS_ACCESS_KEY_ID", "nobody"), ("AWS_SECRET_ACCESS_KEY", "wrong-secret")]
)
def test_keys_that_the_storage_does_not_take_are_told_and_never_shown(places, monkeypatch, caplog, name, value):
    caplog.set_level("INFO")
    monkeypatch.setenv(name, value)

    error = refused("s3://line7/q1/new.npz", places)

    assert error.reason in {"CredentialsRejected", "AccessDenied"}
    assert not error.retryable
    assert value not in str(error)
    assert "secret" not in caplog.text


def test_a_pod_without_credentials_is_told(places, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    error = refused("s3://line7/q1/new.npz", places)

    assert (error.reason, error.retryable) == ("CredentialsMissing", False)


@pytest.mark.parametrize("key", ["bad/a\\b.png", "bad/a\nb.png"])
def test_a_key_that_is_no_path_is_refused(store, places, key):
    files = client(store)
    files.pipe_file(f"line7/{key}", b"x")
    with pytest.raises(TaskError) as refusal:
        stage("s3://line7/bad/", FIELD, places, wanted=lambda _: True)
    files.rm("line7/bad", recursive=True)

    assert refusal.value.reason == "PathEscapes"


def test_what_does_not_fit_the_scratch_volume_is_not_downloaded(places):
    with pytest.raises(TaskError) as refusal:
        stage("s3://line7/q1/big.bin", FIELD, places)

    assert refusal.value.reason == "ScratchFull"
    assert f"{len(BIG)} bytes; at most 1048576 are downloaded" in str(refusal.value)
    assert list(places.scratch.iterdir()) == []


def test_an_unknown_authority_is_told(tmp_path_factory, certificate, places, monkeypatch):
    with ObjectStore.up(tmp_path_factory.mktemp("s3-tls"), tls=certificate) as encrypted:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", encrypted.endpoint)
        error = refused("s3://line7/q1/new.npz", places)
        monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate[0]))
        trusted = refused("s3://line7/q1/new.npz", places)

    assert (error.reason, error.retryable) == ("CertificateRejected", False)
    assert trusted.reason == "BucketNotFound"


# --- what may heal


@dataclass
class Trouble:
    """What stands between the worker and the server: answers given in the server's place, one per request."""

    answers: list[tuple[int, str]] = field(default_factory=list)
    cut: int = 0
    """How many transfers end in the middle."""
    asked: list[str] = field(default_factory=list)
    """Method and path of each request."""


@pytest.fixture
def between(store, monkeypatch) -> Iterator[Trouble]:
    """A proxy in front of the real server."""
    import http.client

    trouble = Trouble()
    lock = threading.Lock()
    target = store.endpoint.removeprefix("http://")

    class Proxy(QuietHandler):
        def do_GET(self) -> None:  # noqa: N802
            with lock:
                trouble.asked.append(f"{self.command} {self.path}")
                answer = trouble.answers.pop(0) if trouble.answers else None
                cut = answer is None and self.command == "GET" and "Range" in self.headers and trouble.cut > 0
                trouble.cut -= cut
            if answer is not None:
                body = f"<Error><Code>{answer[1]}</Code><Message>m</Message></Error>".encode()
                self.answer(answer[0], body, Content_Type="application/xml")
                return
            upstream = http.client.HTTPConnection(target)
            upstream.request(self.command, self.path, headers=dict(self.headers))
            reply = upstream.getresponse()
            body = reply.read()
            self.send_response(reply.status)
            for name, value in reply.getheaders():
                if name.lower() not in {"transfer-encoding", "connection"}:
                    self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body[: len(body) // 2] if cut else body)
            self.close_connection = self.close_connection or cut
            upstream.close()

        do_HEAD = do_GET  # noqa: N815

    with served(Proxy) as port:
        # The signature covers the host's name, so the server must see its own.
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://localhost:{port}")
        yield trouble


@pytest.mark.parametrize("answer", [(503, "SlowDown"), (500, "InternalError"), (503, "ServiceUnavailable")])
def test_a_server_that_is_busy_is_asked_again(between, places, answer):
    between.answers = [answer] * 4

    assert read("s3://line7/q1/big.bin", FIELD, places).data == BIG


def test_a_transfer_that_breaks_off_is_made_again(between, places):
    between.cut = 2

    assert read("s3://line7/q1/big.bin", FIELD, places).data == BIG


def test_a_small_file_of_a_folder_costs_one_request(between, places):
    stage("s3://line7/set/", FIELD, places, wanted=lambda _: True)

    assert sorted(each for each in between.asked if ".png" in each) == [
        "GET /line7/set/a/1.png",
        "GET /line7/set/b/2.png",
    ]


def test_a_file_that_grew_since_it_was_listed_is_not_taken(between, places, store, monkeypatch):
    real = FileSystemStorage.files
    monkeypatch.setattr(
        FileSystemStorage, "files", lambda *a: (RemoteFile(each.name, each.size - 1) for each in real(*a))
    )

    with pytest.raises(TaskError) as refusal:
        stage("s3://line7/set/", FIELD, places, wanted=lambda _: True)

    assert (refusal.value.reason, refusal.value.retryable) == ("DataChanged", True)


def test_a_bucket_in_another_region_is_told(between, places):
    between.answers = [(400, "AuthorizationHeaderMalformed")] * 9

    error = refused("s3://line7/q1/new.npz", places)

    assert not error.retryable


def test_a_server_that_stays_busy_may_heal_later(between, places):
    between.answers = [(503, "SlowDown")] * 1000

    error = refused("s3://line7/q1/new.npz", places)

    assert (error.reason, error.retryable) == ("StorageFailed", True)


def test_a_port_where_nobody_listens_may_heal(places, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{free.getsockname()[1]}")
    error = refused("s3://line7/q1/new.npz", places)

    assert (error.reason, error.retryable) == ("StorageFailed", True)


def test_data_that_change_while_they_are_downloaded_are_hashed_as_they_came(store, roomy):
    files = client(store)
    files.pipe_file("line7/moving.bin", b"one")
    first = stage("s3://line7/moving.bin", FIELD, roomy)
    files.pipe_file("line7/moving.bin", b"two")

    assert first.read("moving.bin") == b"one"
    assert first.sha256 == "sha256:" + hashlib.sha256(b"one").hexdigest()


def test_the_server_is_pinned_by_its_go_sum():
    pinned = Path("tools/go/versitygw/go.sum").read_text()

    assert "github.com/versity/versitygw v1.8.0 h1:" in pinned
