"""Without an optional library the worker says which extra is missing, and everything else still works."""

import sys

import pytest
import torch

from modelreuse.api import DataSource, DataSources, ModelSource
from modelreuse.worker import TaskError
from modelreuse.worker.content import read
from modelreuse.worker.data import load_data
from modelreuse.worker.formats.load import load_model
from modelreuse.worker.model_fields import ModelFields

FIELD = "spec.data.new.uri"


@pytest.mark.parametrize(
    ("uri", "module", "extra"),
    [
        ("s3://bucket/x.npz", "s3fs", "s3"),
        ("gs://bucket/x.npz", "gcsfs", "gcs"),
        ("hf://owner/model/x.npz", "huggingface_hub", "hf"),
    ],
)
def test_a_storage_without_its_library(places, monkeypatch, uri, module, extra):
    monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(TaskError) as refusal:
        read(uri, FIELD, places)

    assert (refusal.value.reason, refusal.value.retryable) == ("ExtraMissing", False)
    assert str(refusal.value).endswith(f"needs the extra '{extra}': pip install 'model-reuse-operator[{extra}]'")


@pytest.mark.parametrize(
    ("file", "uri", "module", "extra"),
    [
        ("x.parquet", "pvc://data/x.parquet", "pyarrow", "parquet"),
        ("set/a/1.png", "pvc://data/set/", "PIL", "images"),
    ],
)
def test_a_format_without_its_library(places, monkeypatch, file, uri, module, extra):
    path = places.claim("data") / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    monkeypatch.setitem(sys.modules, module, None)
    source = DataSource(uri=uri)

    with pytest.raises(TaskError, match=rf"model-reuse-operator\[{extra}\]") as refusal:
        load_data(source, FIELD, DataSources(inputs=["x"], reference=source, new=source), places).take(slice(0, 1))

    assert refusal.value.reason == "ExtraMissing"


def test_a_hugging_face_folder_without_transformers(places, monkeypatch):
    from safetensors.torch import save

    (places.claim("models") / "vit").mkdir()
    (places.claim("models") / "vit/config.json").write_text("{}")
    (places.claim("models") / "vit/model.safetensors").write_bytes(save({"a": torch.zeros(1)}))
    monkeypatch.setitem(sys.modules, "transformers", None)

    with pytest.raises(TaskError, match=r"model-reuse-operator\[transformers\]"):
        load_model(
            ModelSource(name="current", uri="pvc://models/vit/"),
            ModelFields.of_candidate("current"),
            places,
            torch.device("cpu"),
        )
