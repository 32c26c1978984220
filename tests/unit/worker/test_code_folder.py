"""The folder of code: hashed as a whole, imported as it was hashed, and last of all."""

import hashlib
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from modelreuse.api import AssessmentSummary, AssessmentTask, CodeSource, VerificationTask, parse_message
from modelreuse.worker import code_folder
from modelreuse.worker.assess import assess
from modelreuse.worker.code_folder import copied, imported_from
from modelreuse.worker.errors import TaskError
from modelreuse.worker.user_code import find
from modelreuse.worker.verify import verify

CODE = "pvc://code/team"
SOURCE = CodeSource(uri=CODE)
WANTED = "vision.data:prepare"


@pytest.fixture
def folder(places) -> Path:
    """`pvc://code/team` with a transform in it."""
    made = places.claims_root / "code" / "team"
    (made / "vision").mkdir(parents=True)
    (made / "vision" / "data.py").write_text("def prepare(arrays):\n    return arrays['inputs'] * 2\n")
    return made


def sha256(places, tmp_path) -> str:
    return copied(CODE, places, tmp_path / "copy")


def refused(places, tmp_path) -> str:
    with pytest.raises(TaskError) as caught:
        sha256(places, tmp_path)
    return f"{caught.value.reason}: {caught.value}"


# --- the hash --------------------------------------------------------------------------------------------------------


def test_anybody_can_compute_the_hash(places, folder, tmp_path):
    (folder / "a.py").write_text("A = 1\n")
    command = "find . -type f -printf '%P\\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum"
    printed = subprocess.run(["bash", "-c", command], cwd=folder, check=True, capture_output=True, text=True).stdout
    assert sha256(places, tmp_path) == "sha256:" + printed.split()[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "vision" / "data.py").write_text("x"),
        lambda folder: (folder / "vision" / "data.py").rename(folder / "vision" / "other.py"),
        lambda folder: (folder / "new.py").touch(),
        lambda folder: (folder / "vision" / "data.pyc").write_text("x"),
    ],
)
def test_any_change_is_another_hash(places, folder, tmp_path, change):
    before = sha256(places, tmp_path)
    change(folder)
    assert sha256(places, tmp_path) != before


@pytest.mark.parametrize(
    "name", [".git/config", ".env", "__pycache__/x.pyc", "vision/__pycache__/data.cpython-311.pyc"]
)
def test_what_python_and_git_leave_behind_is_passed_over(places, folder, tmp_path, name):
    before = sha256(places, tmp_path)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("x")
    assert sha256(places, tmp_path) == before
    assert not (tmp_path / "copy" / name).exists()


def test_a_link_inside_the_folder_is_what_it_names(places, folder, tmp_path):
    before = sha256(places, tmp_path)
    (folder / "vision").rename(folder / "v2")
    (folder / "vision").symlink_to("v2")
    assert sha256(places, tmp_path) != before
    assert (tmp_path / "copy" / "vision" / "data.py").read_text() == (folder / "v2" / "data.py").read_text()


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["/etc/passwd", "../other.py", "../../models"])
def test_a_link_out_of_the_folder_is_refused(places, folder, tmp_path, target):
    (folder.parent / "other.py").touch()
    (folder / "link.py").symlink_to(target)
    said = refused(places, tmp_path)
    assert said.startswith("PathEscapes: spec.code.uri: 'pvc://code/team': 'link.py' is a link out of the folder; copy")


def test_a_link_that_leads_in_circles_is_refused(places, folder, tmp_path):
    (folder / "again").symlink_to(".")
    assert refused(places, tmp_path).startswith("CodeTooLarge: spec.code.uri")


def test_a_named_pipe_is_refused_and_not_waited_for(places, folder, tmp_path):
    os.mkfifo(folder / "pipe.py")
    assert refused(places, tmp_path).startswith("NotAFile: spec.code.uri: 'pvc://code/team/pipe.py'")


def test_a_name_that_could_forge_a_line_of_the_hash_is_refused(places, folder, tmp_path):
    (folder / "a\nb.py").touch()
    assert "is not printable" in refused(places, tmp_path)


def test_too_many_files_are_refused(places, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(code_folder, "MAX_CODE_FILES", 3)
    for number in range(2):
        (folder / f"{number}.py").touch()
    assert sha256(places, tmp_path)
    (folder / "2.py").touch()
    assert "CodeTooLarge: spec.code.uri: 'pvc://code/team': holds more than 3 files" in refused(places, tmp_path)


def test_too_many_bytes_are_refused(places, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(code_folder, "MAX_CODE_BYTES", 100)
    (folder / "a.bin").write_bytes(b"x" * 40)
    assert sha256(places, tmp_path)
    (folder / "b.bin").write_bytes(b"x" * 40)
    assert "CodeTooLarge: spec.code.uri: 'pvc://code/team': holds more than 100 bytes" in refused(places, tmp_path)


def test_a_folder_that_is_none_is_refused(places, folder, tmp_path):
    (folder / "vision" / "data.py").rename(folder.parent / "file.py")
    with pytest.raises(TaskError, match=r"spec\.code\.uri: 'pvc://code/file\.py': no such folder"):
        copied("pvc://code/file.py", places, tmp_path)


# --- importing -------------------------------------------------------------------------------------------------------


def test_code_is_importable_while_it_lasts(places, folder):
    with imported_from(SOURCE, places, [WANTED]):
        assert importlib.import_module("vision.data").prepare({"inputs": 2}) == 4
    assert "vision.data" not in sys.modules
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("vision.data")


def test_what_is_imported_is_what_was_hashed(places, folder):
    with imported_from(SOURCE, places, [WANTED]):
        (folder / "vision" / "data.py").write_text("raise SystemExit('changed after it was hashed')")
        importlib.import_module("vision.data")


def test_code_hides_nothing_that_stands_elsewhere(places, folder, monkeypatch):
    (folder / "colorsys.py").write_text("raise SystemExit('imported instead of Python's own')")
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with imported_from(SOURCE, places, [WANTED]):
        assert "code-" not in str(importlib.import_module("colorsys").__file__)
        assert sys.path[-1].rpartition("/")[2].startswith("code-")


@pytest.mark.parametrize("name", ["json:prepare", "json.mine:prepare"])
def test_who_names_code_as_an_installed_package_is_told_to_rename_it(places, folder, name):
    (folder / "json").mkdir()
    for file in ("__init__.py", "mine.py"):
        (folder / "json" / file).write_text("def prepare(arrays): ...\n")
    with imported_from(SOURCE, places, [name]), pytest.raises(TaskError, match="so rename yours"):
        find(name, "spec.data.transform")


def test_code_that_nothing_names_is_hashed_and_not_importable(places, folder):
    with imported_from(SOURCE, places, [None]) as sha256:
        assert sha256 is not None
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module("vision.data")


def test_without_code_nothing_changes(places):
    before = list(sys.path)
    with imported_from(None, places, [WANTED]) as sha256:
        assert sha256 is None
        assert sys.path == before


# --- in a task -------------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(folder, save_model, save_data, model_bytes, samples) -> dict[str, object]:
    """An assessment with code in it."""
    return {
        "task": "t",
        "model": {"name": "current", "uri": save_model("m.pt2", model_bytes)},
        "data": {
            "transform": "vision.data:prepare",
            "labels": "labels",
            "reference": {"uri": save_data("reference.npz", **samples())},
            "new": {"uri": save_data("new.npz", **samples(shift=1.0))},
        },
        "code": {"uri": CODE},
        "probeBatchSize": None,
    }


def test_an_assessment_names_the_code_by_its_hash(asked, places, tmp_path):
    done = assess(AssessmentTask.model_validate(asked), places)
    assert done.summary.hashes.code == done.report.hashes.code == sha256(places, tmp_path)


@pytest.fixture
def verification(asked, model_bytes, save_data, places, tmp_path):
    """A verification of the same model as the new one."""
    evaluation = {"uri": save_data("held.npz", inputs=np.zeros((6, 4)), labels=np.zeros(6, int))}

    def make(**changes: object) -> VerificationTask:
        document = {
            "task": "t",
            "old": asked["model"],
            "new": asked["model"],
            "artifactSha256": "sha256:" + hashlib.sha256(model_bytes).hexdigest(),
            "data": {**asked["data"], "evaluation": evaluation},
            "code": {"uri": CODE},
            "codeSha256": sha256(places, tmp_path),
        }
        return VerificationTask.model_validate(document | changes)

    return make


def test_a_verification_runs_the_code_that_was_approved(verification, places):
    assert verify(verification(), places).samples == 6


def test_a_verification_refuses_other_code_before_it_is_imported(verification, places, folder):
    task = verification()
    (folder / "vision" / "data.py").write_text("raise SystemExit('imported')")
    with pytest.raises(TaskError) as refusal:
        verify(task, places)
    assert (refusal.value.reason, refusal.value.field) == ("CodeChanged", "spec.code.uri")
    assert f"{task.code_sha256} was assessed" in str(refusal.value)


def test_a_verification_refuses_code_that_nobody_approved(verification, places):
    with pytest.raises(TaskError, match=r"spec\.code\.uri: nobody has approved this code"):
        verify(verification(codeSha256=None), places)


def test_a_folder_of_code_replaces_neither_ours_nor_anybody_elses(asked, places, folder):
    """As a pod runs it, with a variable that would put the folder first."""
    trap = "raise SystemExit('imported instead of the real one')"
    (folder / "modelreuse").mkdir()
    for name in ("modelreuse/__init__.py", "numpy.py", "torch.py", "json.py", "sitecustomize.py"):
        (folder / name).write_text(trap)
    ours = {"MODELREUSE_TASK": json.dumps(asked), "MODELREUSE_PVC_ROOT": str(places.claims_root)}
    ours["MODELREUSE_TERMINATION_LOG"] = str(places.termination_log)
    command = [sys.executable, "-I", "-m", "modelreuse.worker"]
    ran = subprocess.run(
        command, cwd=folder, env=os.environ | ours | {"PYTHONPATH": str(folder)}, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert parse_message(AssessmentSummary, places.termination_log.read_text()).samples == 120
