"""A second check of the same reference skips its pass and says so; anything else makes the pass again."""

import io
import json
import sys

import numpy as np
import pytest

from modelreuse.api import AssessmentTask
from modelreuse.worker import assess as assessing
from modelreuse.worker import reference_cache
from modelreuse.worker.assess import assess
from modelreuse.worker.loaded_code import loaded_code_sha256


@pytest.fixture
def task(save_model, save_data, samples, model_bytes):
    save_model("m.pt2", model_bytes)
    save_data("reference.npz", **samples())
    save_data("new.npz", **samples(90, shift=0.5, seed=1))

    def make(data=None, **changes) -> AssessmentTask:
        document = {
            "task": "t",
            "model": {"name": "current", "uri": "pvc://models/m.pt2"},
            "data": {
                "labels": "labels",
                "reference": {"uri": "pvc://data/reference.npz"},
                "new": {"uri": "pvc://data/new.npz"},
                **(data or {}),
            },
            "batchSize": 32,
            "probeBatchSize": None,
            "output": "pvc://data/reports/",
            **changes,
        }
        return AssessmentTask.model_validate(document)

    return make


@pytest.fixture
def passes(monkeypatch):
    """How often the pass over the reference was made."""
    made = []
    real = assessing.reference_pass

    def counted(*arguments, **options):
        made.append(1)
        return real(*arguments, **options)

    monkeypatch.setattr(assessing, "reference_pass", counted)
    return made


@pytest.fixture
def kept(places):
    """The kept references."""
    return lambda: sorted((places.claim("data") / "reports").glob("reference-*.npz"))


def reasons(assessed) -> set[str]:
    return {finding.reason for finding in assessed.report.findings} - {"LabelsPartlyMissing"}


def test_the_second_check_skips_the_pass_and_says_so(task, places, passes):
    first, second = assess(task(), places), assess(task(), places)

    assert len(passes) == 1
    assert "ReferenceCached" not in reasons(first)
    (told,) = (each for each in second.summary.findings if each.reason == "ReferenceCached")
    assert told.message.startswith("the pass over the reference was skipped: reference-")


def test_its_figures_are_the_same(task, places):
    first, second = assess(task(), places), assess(task(), places)

    assert first.report.scores == second.report.scores
    assert first.report.reference == second.report.reference
    assert first.report.model == second.report.model


def test_what_the_pass_would_have_cost_is_not_claimed(task, places):
    first, second = assess(task(), places), assess(task(), places)

    assert (first.report.measured.samples, second.report.measured.samples) == (210, 90)


def test_without_an_output_nothing_is_kept(task, places, passes):
    for _ in range(2):
        assess(task(output=None), places)

    assert len(passes) == 2


def test_new_data_do_not_matter(task, places, passes, save_data, samples):
    assess(task(), places)
    save_data("new.npz", **samples(30, shift=2, seed=5))
    assess(task(), places)

    assert len(passes) == 1


@pytest.mark.parametrize("what", ["weights", "reference", "layers", "labels", "clusters", "precision", "scores"])
def test_whatever_it_depends_on_makes_it_another(
    task, places, passes, save_data, save_model, samples, monkeypatch, what
):
    assess(task(), places)
    changed = task()
    if what == "weights":
        import torch

        from unit.worker.tiny import build, exported

        model = build()
        with torch.no_grad():
            model.head.bias += 1
        save_model("m.pt2", exported(model, torch.zeros(2, 4)))
    elif what == "reference":
        save_data("reference.npz", **samples(seed=9))
    elif what == "layers":
        changed = task(model={"name": "current", "uri": "pvc://models/m.pt2", "layers": ["body"]})
    elif what == "labels":
        changed = task({"labels": None})
    elif what == "clusters":
        changed = task({"clusters": "labels"})
    elif what == "precision":
        changed = task(precision="BFloat16")
    else:
        monkeypatch.setattr(reference_cache, "scores_sha256", lambda: "sha256:others")
    assess(changed, places)

    assert len(passes) == 2


def test_a_transform_that_changed_makes_it_another(task, places, passes, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    for factor in (1, 2):
        sys.modules.pop("prepare_cached", None)
        (tmp_path / "prepare_cached.py").write_text(
            f"def f(a):\n    return a['inputs'] * {factor}.0\n# {'x' * factor}\n"
        )
        assess(task({"transform": "prepare_cached:f"}), places)
    sys.modules.pop("prepare_cached")

    assert len(passes) == 2


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def pickled(_: bytes) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, modelreuse=np.array([{"a": 1}], dtype=object))
    return buffer.getvalue()


def edited(data: bytes) -> bytes:
    with np.load(io.BytesIO(data)) as arrays:
        changed = {name: arrays[name] * (1 if name == "modelreuse" else 2) for name in arrays.files}
    buffer = io.BytesIO()
    np.savez(buffer, **changed)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "damage", [flipped, pickled, edited, lambda data: data[:-30], lambda _: b"", lambda _: b"not ours"]
)
def test_a_damaged_one_is_ignored_told_and_replaced(task, places, passes, kept, damage):
    before = assess(task(), places)
    (file,) = kept()
    file.write_bytes(damage(file.read_bytes()))

    again, third = assess(task(), places), assess(task(), places)

    assert len(passes) == 2
    assert "ReferenceCacheIgnored" in reasons(again)
    assert again.report.scores == before.report.scores
    assert "ReferenceCached" in reasons(third)


def test_one_of_another_key_under_this_name_is_ignored(task, places, passes, kept, save_data, samples):
    assess(task(), places)
    (first,) = kept()
    save_data("reference.npz", **samples(seed=9))
    assess(task(), places)
    (second,) = set(kept()) - {first}
    second.write_bytes(first.read_bytes())

    assert "ReferenceCacheIgnored" in reasons(assess(task(), places))
    assert len(passes) == 3


def test_it_holds_no_pickle(task, places, kept):
    assess(task(), places)

    with np.load(kept()[0], allow_pickle=False) as arrays:
        header = json.loads(arrays["modelreuse"].tobytes())
        assert {arrays[name].dtype.kind for name in arrays.files} <= set("iuf")
    assert header["head"] == "head"


def test_code_counts_by_its_content(tmp_path):
    import types

    module = types.ModuleType("users")
    module.__file__ = str(tmp_path / "users.py")
    (tmp_path / "users.py").write_text("a = 1")
    before = loaded_code_sha256([module])
    (tmp_path / "users.py").write_text("a = 2")

    assert loaded_code_sha256([module]) != before
    assert loaded_code_sha256([json, np]) == loaded_code_sha256([])
