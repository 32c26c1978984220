"""An image's name says what is in it, so that nothing is rebuilt in vain and nothing stale is used."""

from pathlib import Path

import pytest

from images.definitions import IMAGES, OPERATOR, WORKER, Inputs

CODE = "operator/modelreuse/worker/pass.py"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name, text in {
        "images/operator/Containerfile": "FROM x",
        "images/worker/Containerfile": "FROM x",
        CODE: "one = 1",
        "operator/modelreuse/__pycache__/pass.pyc": "compiled",
        "charts/model-reuse-operator/templates/admission-jobs.yaml": "kind: Policy",
        "charts/model-reuse-operator/templates/roles.yaml": "kind: ClusterRole",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def inputs(checkout: Path, **changes: object) -> Inputs:
    chosen = {"image": WORKER, "base": "base:1", "requirements": "torch==1", "arguments": {}, **changes}
    return Inputs.read(checkout=checkout, **chosen)  # type: ignore[arg-type]


def test_the_same_inputs_make_the_same_name(checkout: Path) -> None:
    assert inputs(checkout).full_name == inputs(checkout).full_name


@pytest.mark.parametrize(
    "changes",
    [
        {"base": "base:2"},
        {"requirements": "torch==2"},
        {"arguments": {"TORCH_INDEX_URL": "https://x"}},
        {"image": OPERATOR},
    ],
    ids=["base", "requirements", "arguments", "image"],
)
def test_every_input_is_in_the_name(checkout: Path, changes: dict[str, object]) -> None:
    assert inputs(checkout, **changes).full_name != inputs(checkout).full_name


@pytest.mark.parametrize("name", [CODE, "images/worker/Containerfile"])
def test_a_changed_file_is_another_image(checkout: Path, name: str) -> None:
    before = inputs(checkout).full_name
    (checkout / name).write_text("changed")
    assert inputs(checkout).full_name != before


def test_a_renamed_file_is_another_image(checkout: Path) -> None:
    before = inputs(checkout).full_name
    (checkout / CODE).rename(checkout / "operator/modelreuse/worker/other.py")
    assert inputs(checkout).full_name != before


def test_compiled_files_are_left_out(checkout: Path) -> None:
    before = inputs(checkout).full_name
    (checkout / "operator/modelreuse/__pycache__/pass.pyc").write_text("compiled again")
    assert inputs(checkout).full_name == before


def test_an_edit_during_the_build_does_not_reach_it(checkout: Path, tmp_path: Path) -> None:
    read = inputs(checkout)
    (checkout / CODE).write_text("edited")
    read.lay_out(tmp_path / "context")
    assert (tmp_path / "context" / CODE).read_text() == "one = 1"


def test_the_context_holds_what_the_containerfile_copies(checkout: Path, tmp_path: Path) -> None:
    inputs(checkout, image=OPERATOR).lay_out(tmp_path / "context")
    found = {
        path.relative_to(tmp_path / "context").as_posix()
        for path in (tmp_path / "context").rglob("*")
        if path.is_file()
    }
    assert found == {
        CODE,
        "images/operator/Containerfile",
        "build/images/operator.txt",
        "charts/model-reuse-operator/templates/admission-jobs.yaml",
    }


def test_contexts_differ_in_no_time_stamp(checkout: Path, tmp_path: Path) -> None:
    inputs(checkout).lay_out(tmp_path / "context")
    assert {path.stat().st_mtime for path in (tmp_path / "context").rglob("*")} == {0.0}


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.name)
def test_containerfiles_copy_only_from_their_context(image: object) -> None:
    from images.definitions import CHECKOUT, Image

    assert isinstance(image, Image)
    lines = (CHECKOUT / image.containerfile).read_text().splitlines()
    copied = {line.split()[1] for line in lines if line.startswith("COPY ")}
    sources = {pattern.removesuffix("/**/*") for pattern in image.sources}
    assert copied == {*sources, image.requirements.as_posix()}


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.name)
def test_containerfiles_end_as_nobody(image: object) -> None:
    from images.definitions import CHECKOUT, Image

    assert isinstance(image, Image)
    users = [line for line in (CHECKOUT / image.containerfile).read_text().splitlines() if line.startswith("USER ")]
    assert users == ["USER 65532:65532"]
