"""Before a retraining: what it will read is what was assessed, by its hash."""

import hashlib
import json
import subprocess
import sys

import pytest

from modelreuse.api import AssessmentTask, InputsSummary, InputsTask, parse_message
from modelreuse.worker.answer import answer
from modelreuse.worker.assess import assess
from modelreuse.worker.code_folder import copied
from modelreuse.worker.errors import TaskError
from modelreuse.worker.inputs import compare

DIGEST = "sha256:" + "d" * 64


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@pytest.fixture
def task(save_model, save_data, samples, places):
    save_model("m.pt2", b"weights")
    for name in ("reference", "new", "held"):
        save_data(f"{name}.npz", **samples())
    code = places.claims_root / "code"
    code.mkdir()
    (code / "net.py").write_text("raise RuntimeError('nobody imports me')")

    def make(**changes) -> InputsTask:
        data = places.claim("data")
        document = {
            "task": DIGEST,
            "mode": "Compare",
            "model": {"name": "current", "uri": "pvc://models/m.pt2"},
            "data": {
                "reference": {"uri": "pvc://data/reference.npz"},
                "new": {"uri": "pvc://data/new.npz"},
                "evaluation": {"uri": "pvc://data/held.npz"},
            },
            "code": {"uri": "pvc://code"},
            "hashes": {
                "model": sha256(b"weights"),
                "reference": sha256((data / "reference.npz").read_bytes()),
                "new": sha256((data / "new.npz").read_bytes()),
                "evaluation": sha256((data / "held.npz").read_bytes()),
                "code": f"sha256:{hashlib.sha256(_listing(code / 'net.py')).hexdigest()}",
            },
            **changes,
        }
        return InputsTask.model_validate(document)

    return make


def _listing(path) -> bytes:
    return f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n".encode()


def test_what_is_as_it_was_approved_is_confirmed(task, places):
    assert compare(task(), places) == InputsSummary(task=DIGEST)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("models/m.pt2", "spec.models[name=current].uri"),
        ("data/reference.npz", "spec.data.reference.uri"),
        ("data/new.npz", "spec.data.new.uri"),
        ("data/held.npz", "spec.data.evaluation.uri"),
        ("code/net.py", "spec.code.uri"),
    ],
)
def test_one_byte_more_is_another_input(task, places, path, field):
    approved = task()
    with (places.claims_root / path).open("ab") as file:
        file.write(b"\n")

    with pytest.raises(TaskError) as refusal:
        compare(approved, places)

    assert refusal.value.reason == "InputsChanged"
    assert str(refusal.value).startswith(f"{field}: 'pvc://")
    assert "was approved; assess again" in str(refusal.value)


def test_a_folder_is_known_by_its_files(task, places):
    folder = places.claim("data") / "tables"
    folder.mkdir()
    (folder / "a.parquet").write_bytes(b"never parsed")
    wanted = f"sha256:{hashlib.sha256(_listing(folder / 'a.parquet')).hexdigest()}"
    data = {"reference": {"uri": "pvc://data/reference.npz"}, "new": {"uri": "pvc://data/tables/"}}
    hashes = task().hashes.model_copy(update={"new": wanted, "evaluation": None})
    tables = task(data=data, hashes=hashes)
    assert compare(tables, places).error is None

    (folder / "b.parquet").write_bytes(b"")
    with pytest.raises(TaskError, match="pvc://data/tables/"):
        compare(tables, places)


def test_code_or_evaluation_that_nobody_hashed_was_not_approved(task, places):
    for name in ("code", "evaluation"):
        with pytest.raises(TaskError, match="but None was approved"):
            compare(task(hashes=task().hashes.model_copy(update={name: None})), places)


def test_what_lies_in_the_image_is_named_by_the_images_digest(task, places):
    inside = task(model={"name": "current", "uri": "file:///models/m.pt2"})
    assert compare(inside, places).error is None


def test_hashes_are_those_of_the_assessment(places, save_model, save_data, samples, model_bytes):
    save_model("whole.pt2", model_bytes)
    uri = save_data("d.npz", **samples())
    model, data = {"name": "current", "uri": "pvc://models/whole.pt2"}, {"reference": {"uri": uri}, "new": {"uri": uri}}
    document = {"task": "t", "model": model, "data": data | {"evaluation": {"uri": uri}}, "probeBatchSize": None}

    known = assess(AssessmentTask.model_validate(document), places).summary.hashes

    same = {"task": DIGEST, "model": model, "data": document["data"], "hashes": known}
    assert compare(InputsTask.model_validate(same), places).error is None


def test_the_answer_is_short_and_ends_well_or_not(task, places):
    done = answer(task().model_dump_json(by_alias=True, exclude_none=True), places)
    assert (done.exit_status, parse_message(InputsSummary, json.dumps(done.summary.to_wire())).task) == (0, DIGEST)

    (places.claim("models") / "m.pt2").write_bytes(b"others")
    done = answer(task().model_dump_json(by_alias=True, exclude_none=True), places)
    assert (done.exit_status, done.summary.error.reason) == (3, "InputsChanged")
    assert isinstance(done.summary, InputsSummary)


def test_a_file_that_is_gone_is_told(task, places):
    approved = task()
    (places.claim("data") / "new.npz").unlink()
    done = answer(approved.model_dump_json(by_alias=True, exclude_none=True), places)
    assert (done.exit_status, done.summary.error.reason) == (3, "FileNotFound")


def test_it_takes_no_torch():
    code = "import sys, modelreuse.worker.inputs; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_copy_of_code_leaves_nothing_behind(task, places, tmp_path):
    before = set(tmp_path.iterdir())
    compare(task(), places)
    assert set(tmp_path.iterdir()) == before
    assert copied("pvc://code", places, tmp_path / "copy") == task().hashes.code


def test_a_candidates_own_reference_is_named_where_it_stands(task, places):
    own = {"name": "current", "uri": "pvc://models/m.pt2", "reference": {"uri": "pvc://data/reference.npz"}}
    with (places.claim("data") / "reference.npz").open("ab") as file:
        file.write(b"!")

    with pytest.raises(TaskError) as refusal:
        compare(task(model=own, hashes=task().hashes.to_wire() | {"reference": DIGEST}), places)

    assert (refusal.value.reason, refusal.value.field) == ("InputsChanged", "spec.models[name=current].reference.uri")
