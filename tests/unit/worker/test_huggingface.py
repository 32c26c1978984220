"""Hugging Face folders load with every weight in its place, or not at all; nothing of theirs runs."""

import json
import warnings

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from modelreuse.api import AssessmentTask, ModelSource
from modelreuse.worker.assess import assess
from modelreuse.worker.errors import TaskError
from modelreuse.worker.formats.load import load_model
from modelreuse.worker.model_fields import ModelFields

FIELDS = ModelFields.of_candidate("current")
CPU = torch.device("cpu")


def small(classes: int = 3) -> transformers.ViTForImageClassification:
    torch.manual_seed(3)
    config = transformers.ViTConfig(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, image_size=8, patch_size=4,
        num_channels=1, num_labels=classes,
    )  # fmt: skip
    return transformers.ViTForImageClassification(config).eval()


@pytest.fixture
def folder(places):
    """A saved model in the claim `models`."""
    root = places.claim("models") / "vit"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        small().save_pretrained(root)
    return root


@pytest.fixture
def load(folder, places):
    return lambda: load_model(ModelSource(name="current", uri="pvc://models/vit/"), FIELDS, places, CPU)


def change(folder, **settings) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))


def test_it_computes_what_the_saved_model_computes(load):
    loaded, sha256 = load()
    images = torch.randn(5, 1, 8, 8)

    with torch.no_grad():
        assert torch.allclose(loaded.module(images).logits, small()(images).logits, atol=1e-6)
    assert loaded.format == "HuggingFace"
    assert sha256.startswith("sha256:")
    assert not loaded.module.training


def test_weights_in_shards_are_put_together(folder, load):
    state = load_file(folder / "model.safetensors")
    names = sorted(state)
    parts = {"model-1.safetensors": names[::2], "model-2.safetensors": names[1::2]}
    for file, part in parts.items():
        save_file({name: state[name] for name in part}, folder / file)
    (folder / "model.safetensors").unlink()
    index = {"weight_map": {name: file for file, part in parts.items() for name in part}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    images = torch.randn(2, 1, 8, 8)

    with torch.no_grad():
        assert torch.allclose(load()[0].module(images).logits, small()(images).logits, atol=1e-6)


def test_its_hash_is_that_of_what_is_loaded(folder, load):
    before = load()[1]
    (folder / "README.md").write_text("hello")
    assert load()[1] == before
    change(folder, layer_norm_eps=1e-6)
    assert load()[1] != before


def test_half_precision_is_computed_in_float32(folder, load):
    state = load_file(folder / "model.safetensors")
    save_file({name: values.half() for name, values in state.items()}, folder / "model.safetensors")

    assert {p.dtype for p in load()[0].module.parameters()} == {torch.float32}


def test_names_of_older_releases_are_understood(places):
    torch.manual_seed(3)
    bert = transformers.BertForSequenceClassification(
        transformers.BertConfig(
            vocab_size=60,
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
            num_labels=3,
        )
    ).eval()
    root = places.claim("models") / "bert"
    bert.save_pretrained(root)
    state = load_file(root / "model.safetensors")
    older = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): values
        for name, values in state.items()
    }
    older["bert.embeddings.position_ids"] = torch.arange(512)[None]
    save_file(older, root / "model.safetensors")
    tokens = torch.randint(60, (3, 7))

    loaded, _ = load_model(ModelSource(name="current", uri="pvc://models/bert/"), FIELDS, places, CPU)

    with torch.no_grad():
        assert torch.allclose(loaded.module(tokens).logits, bert(tokens).logits, atol=1e-6)


def cut_off(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def without_head(folder):
    state = load_file(folder / "model.safetensors")
    save_file(
        {name: values for name, values in state.items() if "classifier" not in name}, folder / "model.safetensors"
    )


def only_pickled(folder):
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04")


def absent_shard(folder):
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "model-7.safetensors"}}')


@pytest.mark.parametrize(
    ("damage", "reason", "words"),
    [
        (only_pickled, "NeedsPickle", "holds 'pytorch_model.bin' and no safetensors; a pickle runs code"),
        (lambda f: (f / "config.json").unlink(), "FileNotFound", "holds no config.json"),
        (lambda f: (f / "model.safetensors").unlink(), "FileNotFound", "holds no .safetensors file"),
        (lambda f: (f / "config.json").write_text("{"), "ModelNotReadable", "is no JSON object"),
        (lambda f: change(f, model_type="unheard-of"), "ModelNotReadable", "can't read config.json"),
        (lambda f: change(f, architectures=["ViTModel"]), "UnknownFormat", "'ViTModel'; known are classifiers"),
        (lambda f: change(f, auto_map={"AutoModel": "x.Y"}), "UnsafeProgram", "names Python code of its own"),
        (lambda f: change(f, text_config={"auto_map": {"A": "b"}}), "UnsafeProgram", "names Python code of its own"),
        (lambda f: change(f, quantization_config={"x": 1}), "UnsafeProgram", "is quantized"),
        (lambda f: change(f, use_pretrained_backbone=True), "UnsafeProgram", "would fetch another model"),
        (lambda f: change(f, num_hidden_layers=3), "WeightsMismatch", "missing 'vit."),
        (lambda f: change(f, num_hidden_layers=1), "WeightsMismatch", "unexpected 'vit."),
        (lambda f: change(f, intermediate_size=64), "WeightsMismatch", "of another shape 'vit."),
        (without_head, "WeightsMismatch", "missing 'classifier.bias', 'classifier.weight'"),
        (cut_off, "WeightsDamaged", "'model.safetensors' is no readable .safetensors file"),
        (absent_shard, "WeightsDamaged", "names 'model-7.safetensors', which isn't there"),
    ],
)
def test_a_folder_that_is_not_whole_is_told(folder, load, damage, reason, words):
    damage(folder)

    with pytest.raises(TaskError) as refusal:
        load()

    assert refusal.value.reason == reason
    assert str(refusal.value).startswith("spec.models[name=current].uri: ")
    assert words in str(refusal.value)


def test_python_in_the_folder_is_never_imported(folder, load):
    (folder / "modeling_vit.py").write_text("raise SystemExit('imported')")
    (folder / "configuration_vit.py").write_text("raise SystemExit('imported')")

    load()


def test_it_is_assessed_like_any_other(folder, places, save_data):
    random = np.random.default_rng(0)
    save_data("old.npz", inputs=random.normal(size=(40, 1, 8, 8)).astype("f4"))
    save_data("new.npz", inputs=random.normal(1, size=(40, 1, 8, 8)).astype("f4"))
    task = {
        "task": "t",
        "model": {"name": "current", "uri": "pvc://models/vit/"},
        "data": {"reference": {"uri": "pvc://data/old.npz"}, "new": {"uri": "pvc://data/new.npz"}},
        "probeBatchSize": 4,
    }

    assessed = assess(AssessmentTask.model_validate(task), places)

    assert assessed.report.model.head == "classifier"
    assert assessed.report.model.format == "HuggingFace"
    assert assessed.summary.measured.step_seconds is not None
