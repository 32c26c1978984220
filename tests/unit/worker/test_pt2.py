"""A `.pt2` gives its modules back, and can't run anything on the way.

Each attack is a pair: torch alone falls for it (the control, without which the second test would prove nothing), we
refuse it or load without it.
"""

import io
import json
import pickle
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from modelreuse.worker.content import Content
from modelreuse.worker.errors import TaskError
from modelreuse.worker.formats.pt2 import load_pt2
from modelreuse.worker.model_fields import ModelFields
from unit.worker.tiny import Members, build, exported

FIELDS = ModelFields.of_candidate("current")
WEIGHTS = "data/weights/model_weights_config.json"
CONSTANTS = "data/constants/model_constants_config.json"
PROGRAM = "models/model.json"
SAMPLES = "data/sample_inputs/model.pt"

Attack = Callable[[Members, Path], Members]


def load(data: bytes) -> torch.nn.Module:
    return load_pt2(Content(data, "sha256:" + "0" * 64), FIELDS, torch.device("cpu")).module


def test_the_modules_compute_what_the_original_does(model_bytes):
    inputs = torch.randn(5, 4)

    assert torch.equal(load(model_bytes)(inputs), build()(inputs))


def test_layers_keep_their_names(model_bytes):
    assert {name for name, _ in load(model_bytes).named_parameters()} == {
        "body.weight",
        "body.bias",
        "head.weight",
        "head.bias",
    }


def test_attention_and_symbolic_shapes_are_plain_enough():
    layer = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True).eval()
    inputs = torch.randn(3, 5, 8)

    assert torch.allclose(load(exported(layer, inputs))(inputs), layer(inputs), atol=1e-6)


def test_gradients_switched_off_inside_a_model_are_plain_enough():
    class Frozen(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.head = torch.nn.Linear(4, 4), torch.nn.Linear(4, 3)

        def forward(self, x):
            with torch.no_grad():
                x = self.body(x)
            return self.head(x)

    model, inputs = Frozen(), torch.randn(2, 4)

    assert torch.allclose(load(exported(model, inputs))(inputs), model(inputs))


class _Touch:
    """What a hostile pickle does: creates a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def hostile_pickle(marker: Path) -> bytes:
    return pickle.dumps(_Touch(marker))


def changed(members: Members, name: str, change: Callable[[dict], None]) -> Members:
    document = json.loads(members[name])
    change(document)
    return {name: json.dumps(document).encode()}


def pickled_weight(members: Members, marker: Path) -> Members:
    return {
        **changed(members, WEIGHTS, lambda c: c["config"]["body.weight"].update(use_pickle=True)),
        "data/weights/weight_0": hostile_pickle(marker),
    }


def payload(path_name: str) -> dict:
    return {"path_name": path_name, "is_param": False, "use_pickle": True, "tensor_meta": None}


def pickled_constant(members: Members, marker: Path) -> Members:
    return {
        **changed(members, CONSTANTS, lambda c: c["config"].update(x=payload("tensor_0"))),
        "data/constants/tensor_0": hostile_pickle(marker),
    }


def opaque_constant(members: Members, marker: Path) -> Members:
    return {
        **changed(members, CONSTANTS, lambda c: c["config"].update(x=payload("opaque_obj_0"))),
        "data/constants/opaque_obj_0": hostile_pickle(marker),
    }


def legacy_weights(members: Members, marker: Path) -> Members:
    return {"data/weights/model.pt": hostile_pickle(marker)}


def legacy_constants(members: Members, marker: Path) -> Members:
    return {"data/constants/model.pt": hostile_pickle(marker)}


def sample_inputs(members: Members, marker: Path) -> Members:
    return {SAMPLES: hostile_pickle(marker)}


def evaluated_shape(members: Members, marker: Path) -> Members:
    def change(program: dict) -> None:
        values = program["graph_module"]["graph"]["tensor_values"]
        values["x" if "x" in values else "input"]["sizes"][0]["as_expr"]["expr_str"] = (
            f"__import__('pathlib').Path({str(marker)!r}).touch()"
        )

    return changed(members, PROGRAM, change)


def imported_container(members: Members, marker: Path) -> Members:
    (marker.parent / "hostile_module.py").write_text(
        f"import pathlib\npathlib.Path({str(marker)!r}).touch()\nF = int\n"
    )

    def change(program: dict) -> None:
        context = {"default_factory_module": "hostile_module", "default_factory_name": "F", "dict_context": []}
        leaf = {"type": "collections.defaultdict", "context": context, "children_spec": []}
        signature = program["graph_module"]["module_call_graph"][0]["signature"]
        signature["out_spec"] = json.dumps([1, leaf])

    return changed(members, PROGRAM, change)


AT_LOAD = [
    pickled_weight,
    pickled_constant,
    opaque_constant,
    legacy_weights,
    legacy_constants,
    sample_inputs,
    evaluated_shape,
    imported_container,
]


def call_any_function(members: Members, marker: Path) -> Members:
    def change(program: dict) -> None:
        node = program["graph_module"]["graph"]["nodes"][-1]
        node["target"] = "torch.os.system"
        node["inputs"] = [{"name": "", "arg": {"as_string": f"touch {marker}"}, "kind": 1}]

    return changed(members, PROGRAM, change)


def code_in_a_name(members: Members, marker: Path) -> Members:
    evil = f"x=__import__('pathlib').Path({str(marker)!r}).touch()"

    def change(program: dict) -> None:
        graph = json.dumps(program["graph_module"]["graph"])
        first = program["graph_module"]["graph"]["nodes"][0]["outputs"][0]["as_tensor"]["name"]
        program["graph_module"]["graph"] = json.loads(graph.replace(f'"{first}"', json.dumps(evil)))

    return changed(members, PROGRAM, change)


def operator_that_opens_files(members: Members, marker: Path) -> Members:
    def change(program: dict) -> None:
        node = program["graph_module"]["graph"]["nodes"][-1]
        node["target"] = "torch.ops.aten.from_file.default"
        node["inputs"] = [
            {"name": "filename", "arg": {"as_string": str(marker)}, "kind": 1},
            {"name": "shared", "arg": {"as_bool": True}, "kind": 1},
            {"name": "size", "arg": {"as_int": 3}, "kind": 1},
        ]

    return changed(members, PROGRAM, change)


AT_RUN = [operator_that_opens_files]
IN_VAIN_TODAY = [call_any_function, code_in_a_name]
"""What this torch happens to catch later, or not to use."""
REFUSED = {*AT_LOAD, *AT_RUN, *IN_VAIN_TODAY} - {sample_inputs}


@pytest.fixture
def marker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that a successful attack creates."""
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("hostile_module", None)
    return tmp_path / "marker"


@pytest.fixture
def naive(tmp_path: Path) -> Callable[[bytes, bool], None]:
    """What loading without us does."""

    def use(data: bytes, run: bool) -> None:
        (tmp_path / "hostile.pt2").write_bytes(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                module = torch.export.unflatten(torch.export.load(tmp_path / "hostile.pt2"))
                if run:
                    module(torch.zeros(2, 4))
            except Exception:  # noqa: BLE001 - the attack has happened by then
                return

    return use


@pytest.mark.parametrize("attack", [*AT_LOAD, *AT_RUN])
def test_control_torch_alone_falls_for_it(attack: Attack, members, repacked, marker, naive):
    naive(repacked(attack(members, marker)), attack in AT_RUN)

    assert marker.exists()


@pytest.mark.parametrize("attack", sorted(REFUSED, key=lambda a: a.__name__))
def test_an_attack_is_refused_before_anything_runs(attack: Attack, members, repacked, marker):
    with pytest.raises(TaskError) as refusal:
        load(repacked(attack(members, marker)))

    assert refusal.value.reason in {"NeedsPickle", "UnsafeProgram"}
    assert str(refusal.value).startswith("spec.models[name=current].uri: ")
    assert not marker.exists()


def test_sample_inputs_are_never_looked_at(members, repacked, marker):
    load(repacked(sample_inputs(members, marker)))(torch.zeros(2, 4))

    assert not marker.exists()


def test_objects_of_torch_script_are_refused(members, repacked):
    change = changed(members, CONSTANTS, lambda c: c["config"].update(x=payload("custom_obj_0")))

    with pytest.raises(TaskError, match="would have to be unpickled") as refusal:
        load(repacked({**change, "data/constants/custom_obj_0": b""}))

    assert refusal.value.reason == "NeedsPickle"


@pytest.mark.parametrize("name", ["serialized_state_dict.pt", "data.pkl", "archive/data.pkl", "data/weights/x.pt"])
def test_archives_that_hold_a_pickle_are_refused(name, repacked):
    with pytest.raises(TaskError) as refusal:
        load(repacked({name: b"..."}))

    assert refusal.value.reason == "NeedsPickle"


def test_a_file_of_torch_save_is_refused_as_a_pickle():
    buffer = io.BytesIO()
    torch.save({"weight": torch.zeros(2)}, buffer)

    with pytest.raises(TaskError) as refusal:
        load(buffer.getvalue())

    assert refusal.value.reason == "NeedsPickle"


def test_compiled_code_is_refused(repacked):
    with pytest.raises(TaskError, match="compiled code") as refusal:
        load(repacked({"data/aotinductor/model/model.so": b"\x7fELF"}))

    assert refusal.value.reason == "UnsafeProgram"


def test_guards_are_dropped_because_torch_would_run_them(program):
    from modelreuse.worker.formats.program import checked

    program["guards_code"] = ["__import__('os').abort()"]

    assert json.loads(checked(json.dumps(program).encode()))["guards_code"] == []


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_archive_is_damaged(share, model_bytes):
    with pytest.raises(TaskError) as refusal:
        load(model_bytes[: int(share * len(model_bytes))])

    assert refusal.value.reason == "ArchiveDamaged"
    assert "cut off" in str(refusal.value)


def test_a_member_that_stands_twice_is_damage(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, data in members.items():
            archive.writestr(f"model/{name}", data)
        archive.writestr(f"model/{PROGRAM}", b"{}")

    with pytest.raises(TaskError, match="twice"):
        load(buffer.getvalue())


def test_a_member_whose_name_differs_inside_the_archive_is_damage(model_bytes):
    """Other readers go by the local header; the directory at the end says something else."""
    first = model_bytes.index(b"weight_0")
    assert first < model_bytes.rindex(b"weight_0")

    with pytest.raises(TaskError) as refusal:
        load(model_bytes[:first] + b"weight_X" + model_bytes[first + 8 :])

    assert refusal.value.reason == "ArchiveDamaged"


def test_compressed_members_are_refused_so_that_nothing_unpacks_to_more_than_it_is(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(f"model/{name}", data)

    with pytest.raises(TaskError, match="compressed"):
        load(buffer.getvalue())


def test_a_tensor_that_declares_more_than_it_brings_is_refused_before_memory_is_taken(members, repacked):
    def change(config: dict) -> None:
        config["config"]["body.weight"]["tensor_meta"]["sizes"] = [{"as_int": 2**40}, {"as_int": 2**20}]

    with pytest.raises(TaskError, match="without its values"):
        load(repacked({**changed(members, WEIGHTS, change), "data/weights/weight_0": b""}))


def test_a_view_beyond_its_record_is_refused(members, repacked):
    def change(config: dict) -> None:
        config["config"]["body.weight"]["tensor_meta"]["storage_offset"] = {"as_int": 10**9}

    with pytest.raises(TaskError) as refusal:
        load(repacked(changed(members, WEIGHTS, change)))

    assert refusal.value.reason == "ModelNotReadable"


def test_a_future_operator_is_named_in_the_refusal(members, repacked):
    def change(program: dict) -> None:
        program["graph_module"]["graph"]["nodes"][0]["target"] = "torch.ops.mine.stealth.default"

    with pytest.raises(TaskError, match=r"torch\.ops\.mine\.stealth\.default"):
        load(repacked(changed(members, PROGRAM, change)))


def test_a_model_exported_on_a_gpu_runs_where_there_is_none(members, repacked):
    """Weights and graph name the device that they were exported on."""
    for_gpu = {
        name: members[name].replace(b'{"type": "cpu", "index": null}', b'{"type": "cuda", "index": 0}')
        for name in (PROGRAM, WEIGHTS)
    }
    assert b"cuda" in for_gpu[PROGRAM]
    inputs = torch.randn(5, 4)

    assert torch.equal(load(repacked(for_gpu))(inputs), build()(inputs))
