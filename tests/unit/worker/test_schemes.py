"""URIs become paths, and never leave where they point."""

from pathlib import Path

import pytest

from modelreuse.worker import Places, TaskError
from modelreuse.worker.schemes import RESOLVERS, STORAGES, resolve, s3, storage

FIELD = "spec.data.new.uri"


def test_a_claim_is_a_folder_of_the_root(places):
    assert resolve("pvc://data/a/b.npz", FIELD, places) == places.claims_root.resolve() / "data/a/b.npz"


def test_a_claim_may_have_a_folder_of_its_own(tmp_path):
    places = Places(claims_root=tmp_path, claims={"data": tmp_path / "elsewhere"})

    assert resolve("pvc://data/b.npz", FIELD, places) == tmp_path.resolve() / "elsewhere/b.npz"


def test_a_file_is_its_own_path(places):
    assert resolve("file:///opt/model.pt2", FIELD, places) == Path("/opt/model.pt2")


@pytest.mark.parametrize("uri", ["pvc://data/../models/x", "pvc://../x", "pvc:////etc/passwd", "pvc:///x", "file://x"])
def test_a_path_that_leaves_is_refused(uri, places):
    with pytest.raises(TaskError) as refusal:
        resolve(uri, FIELD, places)

    assert refusal.value.reason == "PathEscapes"


def test_a_link_out_of_the_claim_is_refused(places, tmp_path):
    (tmp_path / "secret").write_text("s")
    (places.claim("data") / "x.npz").symlink_to(tmp_path / "secret")

    with pytest.raises(TaskError, match="by a link"):
        resolve("pvc://data/x.npz", FIELD, places)


def test_a_link_inside_the_claim_is_followed(places):
    (places.claim("data") / "v2.npz").write_text("x")
    (places.claim("data") / "latest.npz").symlink_to("v2.npz")

    assert resolve("pvc://data/latest.npz", FIELD, places).name == "v2.npz"


def test_an_unknown_scheme_is_told_with_the_known_ones(places):
    with pytest.raises(TaskError) as refusal:
        resolve("s4://bucket/m", FIELD, places)

    assert (
        str(refusal.value)
        == "spec.data.new.uri: 's4://bucket/m': unknown scheme 's4'; known: file, pvc, s3, gs, https, hf"
    )


def test_the_schemes_are_those_of_the_api():
    from modelreuse.api.uris import SCHEMES

    assert {*RESOLVERS, *STORAGES} == set(SCHEMES)


@pytest.mark.parametrize(
    ("code", "reason", "retryable"),
    [
        ("NoSuchKey", "FileNotFound", False),
        ("NoSuchBucket", "BucketNotFound", False),
        ("AccessDenied", "AccessDenied", False),
        ("InvalidAccessKeyId", "CredentialsRejected", False),
        ("ExpiredToken", "CredentialsRejected", False),
        ("SlowDown", "StorageFailed", True),
        ("503", "StorageFailed", True),
        ("PermanentRedirect", "StorageFailed", False),
        ("SomethingNew", "StorageFailed", False),
    ],
)
def test_what_s3_answers_is_told_by_its_code(code, reason, retryable):
    from botocore.exceptions import ClientError

    error = OSError("outer")
    error.__cause__ = ClientError({"Error": {"Code": code, "Message": "secret"}}, "GetObject")

    trouble = s3.explain(error)

    assert (trouble.reason, trouble.retryable) == (reason, retryable)
    assert "secret" not in str(trouble)


def test_an_exception_that_is_not_the_storages_is_left_alone():
    assert s3.explain(KeyError("x")) is None


def test_a_trouble_that_may_heal_is_tried_again_and_no_other(monkeypatch):
    waited, tries = [], []
    monkeypatch.setattr(storage.time, "sleep", waited.append)

    def failing(retryable):
        tries.append(1)
        raise storage.answered("X", retryable=retryable)

    for retryable in (True, False):
        with pytest.raises(TaskError):
            storage.attempted(lambda retryable=retryable: failing(retryable), FIELD, "s3://b/x")

    assert waited == list(storage.PAUSES)
    assert len(tries) == len(storage.PAUSES) + 2
