"""Weights from the file, the module from the factory; neither may surprise the other."""

import sys

import pytest
import torch
from safetensors.torch import save

from modelreuse.api import ModelSource
from modelreuse.worker.content import Content
from modelreuse.worker.errors import TaskError
from modelreuse.worker.formats.safetensors import load_safetensors
from modelreuse.worker.model_fields import ModelFields
from unit.worker.tiny import build

SOURCE = """
import torch
from unit.worker.tiny import build
def no_module(): return 3
def fails(): raise RuntimeError("no licence")
def fresh():
    torch.manual_seed(1)
    model = build()
    torch.nn.init.zeros_(model.head.weight)
    return model
number = 3
"""


@pytest.fixture(autouse=True)
def vision(tmp_path, monkeypatch):
    (tmp_path / "vision_net.py").write_text(SOURCE)
    (tmp_path / "broken_net.py").write_text("import not_installed_anywhere")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("vision_net", None)
    sys.modules.pop("broken_net", None)


def load(state: dict[str, torch.Tensor] | bytes, factory: str = "vision_net:fresh"):
    data = state if isinstance(state, bytes) else save(state)
    source = ModelSource(name="current", uri="pvc://models/m.safetensors", factory=factory)
    return load_safetensors(Content(data, ""), source, ModelFields.of_candidate("current")).module


def refusal_of(*arguments) -> TaskError:
    with pytest.raises(TaskError) as refusal:
        load(*arguments)
    return refusal.value


def test_the_module_has_the_weights_of_the_file():
    inputs = torch.randn(3, 4)

    assert torch.equal(load(build().state_dict())(inputs), build()(inputs))


def test_missing_and_unexpected_names_are_listed():
    state = build().state_dict()
    state["tail.weight"] = state.pop("head.weight")

    error = refusal_of(state)

    assert error.reason == "WeightsMismatch"
    assert "missing 'head.weight'; unexpected 'tail.weight'" in str(error)


def test_a_wrong_shape_is_told_with_both_shapes():
    state = {**build().state_dict(), "head.bias": torch.zeros(5)}

    assert "'head.bias' has shape (5,) in the file, (3,) in the module" in str(refusal_of(state))


@pytest.mark.parametrize("cut", [0, 4, 20, 100])
def test_a_truncated_file_is_damaged(cut):
    assert refusal_of(save(build().state_dict())[:cut]).reason == "WeightsDamaged"


@pytest.mark.parametrize(
    ("factory", "reason", "words"),
    [
        ("vision_net:no_module", "NotAModule", "returned a value of type int"),
        ("vision_net:missing", "CodeNotFound", "has no 'missing'"),
        ("vision_net:number", "NotCallable", "is of type int"),
        ("vision_net:fails", "CodeFailed", "RuntimeError: no licence at vision_net.py:5"),
        ("no_such_module:build", "CodeNotFound", "no module named 'no_such_module'"),
        ("broken_net:build", "CodeFailed", "not_installed_anywhere"),
    ],
)
def test_what_is_wrong_with_a_factory_is_told(factory, reason, words):
    error = refusal_of(build().state_dict(), factory)

    assert error.reason == reason
    assert error.field == "spec.models[name=current].factory"
    assert words in str(error)
