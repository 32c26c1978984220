"""The folders of a campaign, and the files in them."""

from pathlib import Path

import numpy as np
import pytest

from modelreuse.api import DataSource, DataSources, ModelReuseCheckSpec
from modelreuse.calibration.formats import FORMATS
from modelreuse.calibration.samples import Rows, Samples
from modelreuse.calibration.site import Site, claims_of, suffix_of
from modelreuse.worker import Places, TaskError
from modelreuse.worker.data import load_data

RANDOM = np.random.default_rng(0)
ROWS: Rows = {
    "pixels": RANDOM.integers(0, 255, (12, 8, 9), dtype=np.uint8),
    "speed": RANDOM.normal(size=(12, 3)).astype(np.float32),
    "age": RANDOM.normal(size=12),
    "label": np.arange(12) % 3,
}
EVERY_FORMAT = pytest.mark.parametrize("suffix", FORMATS)


def sources(suffix: str = ".npz", **changes: object) -> DataSources:
    named = {
        "inputs": ["pixels", "speed", "age"],
        "labels": "label",
        "transform": "vision.data:prepare",
        "reference": {"uri": "pvc://data/r.npz"},
        "new": {"uri": f"s3://bucket/line7{suffix}"},
        "evaluation": {"uri": "pvc://data/e.npz"},
    }
    return DataSources.model_validate(named | changes)


@EVERY_FORMAT
def test_what_is_written_is_what_our_worker_reads(tmp_path: Path, suffix: str) -> None:
    FORMATS[suffix](tmp_path / f"x{suffix}", ROWS)
    source = DataSource(uri=f"file://{tmp_path}/x{suffix}")
    data = load_data(source, "spec.data.new.uri", sources(), Places(), labels_required=True)
    (read,) = data.source.chunks(list(ROWS), 100)
    for name, values in ROWS.items():
        assert read[name].dtype == values.dtype
        assert np.array_equal(read[name], values)


def test_text_for_a_transform_stays_text(tmp_path: Path) -> None:
    words = np.array(["a", "b"], dtype=object)
    FORMATS[".parquet"](tmp_path / "x.parquet", {"text": words, "label": np.arange(2)})
    wanted = DataSources.model_validate(
        {"inputs": ["text"], "reference": {"uri": "pvc://a/b.npz"}, "new": {"uri": "pvc://a/b.npz"}}
    )
    source = DataSource(uri=f"file://{tmp_path}/x.parquet")
    data = load_data(source, "spec.data.new.uri", wanted, Places(), transform=lambda rows: rows)
    assert next(data.source.chunks(["text"], 9))["text"].tolist() == ["a", "b"]


@EVERY_FORMAT
def test_the_same_samples_are_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    for name in ("one", "two"):
        FORMATS[suffix](tmp_path / f"{name}{suffix}", ROWS)
    assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"two{suffix}").read_bytes()


def site(folder: Path, suffix: str = ".npz") -> Site:
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere/w.bin").write_bytes(b"weights")
    (folder / "root").mkdir()
    return Site(folder / "root", {"models": folder / "elsewhere"}, suffix)


def test_claims_of_the_site_are_found_as_in_a_pod(tmp_path: Path) -> None:
    assert (site(tmp_path).root / "models/w.bin").read_bytes() == b"weights"


@EVERY_FORMAT
def test_the_plan_names_our_data_and_keeps_all_else(tmp_path: Path, suffix: str) -> None:
    ours = site(tmp_path, suffix)
    data = ours.data(sources(suffix))
    assert data.new.uri == f"pvc://modelreuse-calibration/new{suffix}"
    assert data.evaluation is not None
    assert data.evaluation.uri == f"pvc://modelreuse-calibration/evaluation{suffix}"
    assert data.model_copy(update={"new": None, "evaluation": None}) == sources(suffix).model_copy(
        update={"new": None, "evaluation": None}
    )


def test_the_part_to_learn_from_is_new_and_the_other_evaluation(tmp_path: Path) -> None:
    ours = site(tmp_path)
    inputs = {name: values for name, values in ROWS.items() if name != "label"}
    samples = Samples.divided(inputs, "label", ROWS["label"], seed=0)
    first = ours.lay_out(samples)
    data = ours.data(sources())
    assert data.evaluation is not None
    for source, part in ((data.new, samples.learning), (data.evaluation, samples.evaluation)):
        with np.load(ours.places.claim("modelreuse-calibration") / source.uri.rpartition("/")[2]) as there:
            assert np.array_equal(there["pixels"], part["pixels"])
    assert ours.lay_out(samples) == first
    assert ours.lay_out(samples.seen_as({"age": samples.inputs["age"] + 1})) != first


def test_a_trainers_folder_is_empty_each_time(tmp_path: Path) -> None:
    ours = site(tmp_path)
    for _ in range(2):
        with ours.output() as uri:
            folder = ours.root / uri.removeprefix("pvc://")
            assert list(folder.iterdir()) == []
            (folder / "new.bin").write_bytes(b"x")
        assert not folder.exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"new": {"uri": "pvc://data/line7/"}}, "spec.data.new.uri: 'pvc://data/line7/': calibration shifts .npz and"),
        (
            {"new": {"uri": "pvc://data/x.csv", "factory": "a:b"}},
            "spec.data.new.factory: 'a:b': only your own code knows this format",
        ),
        ({"reference": {"uri": "pvc://data/x.csv", "factory": "a:b"}}, "spec.data.reference.factory: 'a:b': only your"),
    ],
)
def test_what_can_not_be_written_for_a_trainer_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(TaskError) as refused:
        suffix_of(sources(**changes))
    assert str(refused.value).startswith(said)


def test_a_trainer_finds_every_claim_that_the_check_names() -> None:
    spec = ModelReuseCheckSpec.model_validate(
        {
            "code": {"uri": "pvc://code/vision"},
            "models": [
                {"name": "a", "uri": "pvc://models/a.pt2", "reference": {"uri": "pvc://old/r.npz"}},
                {"name": "b", "uri": "pvc://others/b.pt2"},
            ],
            "data": sources().to_wire(),
        }
    )
    assert claims_of(spec, spec.models[0]) == {"code", "models", "old", "data"}
