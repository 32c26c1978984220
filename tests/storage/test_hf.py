"""hf:// by the real client library, against an imitation of the published API."""

import pytest

from modelreuse.worker import TaskError
from modelreuse.worker.content import read
from modelreuse.worker.staged import stage
from storage.fake_hub import COMMIT, FakeHub, fake_hub

FIELD = "spec.models[name=current].uri"
DATA = bytes(range(256)) * 100


@pytest.fixture(scope="module")
def server():
    with fake_hub() as fake:
        yield fake


@pytest.fixture
def hub(server: FakeHub, monkeypatch, tmp_path) -> FakeHub:
    monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    server.repositories = {
        "owner/vit": {"config.json": b"{}", "model.safetensors": DATA, "README.md": b"hello", ".gitattributes": b"x"},
        "datasets/owner/line7": {"data/new.parquet": DATA},
    }
    server.gated, server.trouble, server.requests, server.tokens = {"owner/gated"}, [], [], []
    return server


@pytest.mark.parametrize(
    "uri",
    [
        "hf://owner/vit/model.safetensors",
        "hf://owner/vit@main/model.safetensors",
        f"hf://owner/vit@{COMMIT}/model.safetensors",
        "hf://datasets/owner/line7/data/new.parquet",
    ],
)
def test_a_file_comes_back(hub, places, uri):
    assert read(uri, FIELD, places).data == DATA


@pytest.mark.parametrize("uri", ["hf://owner/vit", "hf://owner/vit/", f"hf://owner/vit@{COMMIT}/"])
def test_of_a_repository_only_what_is_wanted_is_fetched(hub, places, uri):
    staged = stage(uri, FIELD, places, wanted=lambda name: name.endswith((".json", ".safetensors")))

    assert {name: staged.read(name) for name in staged.files} == {"config.json": b"{}", "model.safetensors": DATA}
    assert not any("README" in request for request in hub.requests if "resolve" in request)


def test_the_token_is_that_of_the_environment(hub, places, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")

    read("hf://owner/vit/config.json", FIELD, places)

    assert set(hub.tokens) == {"Bearer hf_secret"}


@pytest.mark.parametrize(
    ("uri", "reason", "words"),
    [
        ("hf://owner/vit/none.safetensors", "FileNotFound", "no such file"),
        ("hf://owner/none/model.safetensors", "BucketNotFound", "no such repository, or the pod's HF_TOKEN may not"),
        ("hf://owner/vit@v9/model.safetensors", "FileNotFound", "no such revision"),
        ("hf://owner/gated/model.safetensors", "AccessDenied", "give the pod an HF_TOKEN"),
    ],
)
def test_what_will_not_heal_is_told(hub, places, uri, reason, words):
    with pytest.raises(TaskError) as refusal:
        read(uri, FIELD, places)

    assert (refusal.value.reason, refusal.value.retryable) == (reason, False)
    assert str(refusal.value).startswith(f"{FIELD}: '{uri}': ")
    assert words in str(refusal.value)


def test_a_token_is_in_no_sentence_and_no_log(hub, places, monkeypatch, caplog):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    caplog.set_level("INFO")

    with pytest.raises(TaskError) as refusal:
        read("hf://owner/gated/model.safetensors", FIELD, places)

    assert "hf_secret" not in str(refusal.value)
    assert "hf_secret" not in caplog.text


@pytest.mark.parametrize("status", [429, 503])
def test_what_may_heal_is_tried_again(hub, places, status):
    hub.trouble = [status]

    assert read("hf://owner/vit/config.json", FIELD, places).data == b"{}"
