"""The assessment end to end on a tiny model: figures, hashes, report, and every mistake with its sentence."""

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from safetensors.torch import save
from torch import nn

from modelreuse.api import AssessmentReport, AssessmentTask
from modelreuse.scores import SCORES
from modelreuse.worker.assess import assess
from modelreuse.worker.errors import TaskError
from modelreuse.worker.rows import IN_SUMMARY
from modelreuse.worker.shards import ALONE, Peers, Shard
from unit.worker.tiny import build, exported

REFERENCE, NEW = "spec.data.reference.uri", "spec.data.new.uri"


@pytest.fixture
def task(save_model, save_data, samples, model_bytes):
    """A task with everything in order; `changes` replace parts of it."""
    save_model("m.pt2", model_bytes)
    save_data("reference.npz", **samples())
    save_data("new.npz", **samples(90, shift=0.5, seed=1))

    def make(data=None, model=None, **changes) -> AssessmentTask:
        document = {
            "task": "t",
            "model": {"name": "current", "uri": "pvc://models/m.pt2", **(model or {})},
            "data": {
                "labels": "labels",
                "reference": {"uri": "pvc://data/reference.npz"},
                "new": {"uri": "pvc://data/new.npz"},
                **(data or {}),
            },
            "batchSize": 32,
            "probeBatchSize": 8,
            **changes,
        }
        return AssessmentTask.model_validate(document)

    return make


def rows(assessed) -> dict[str, float]:
    return {row.name: float(row.value) for row in assessed.summary.scores}


def test_scores_errors_and_accuracies_are_rows(task, places):
    assert list(rows(assess(task(), places))) == list(IN_SUMMARY)


def test_the_report_has_every_score(task, places):
    assert {score.name for score in assess(task(), places).report.scores} == set(SCORES)


def test_accuracy_is_that_of_the_model(task, places, samples):
    given = samples(90, shift=0.5, seed=1)
    right = build()(torch.from_numpy(given["inputs"])).argmax(1).numpy() == given["labels"]

    assert rows(assess(task(), places))["initial_accuracy_new"] == pytest.approx(right.mean(), abs=1e-6)


def test_the_same_data_are_not_shifted(task, places):
    scores = {s.name: s for s in assess(task({"new": {"uri": "pvc://data/reference.npz"}}), places).report.scores}

    assert float(scores["resque_dist"].details["raw"]) == pytest.approx(0)
    assert float(scores["resque_dist"].value) <= 0


def errors(assessed) -> dict[str, float]:
    found = {s.name: s.details.get("standard_error") for s in assessed.report.scores}
    return {name: float(error) for name, error in found.items() if error is not None}


def test_samples_of_one_cluster_are_no_independent_evidence(task, places, save_data, samples):
    reference, new = samples(), samples(90, shift=0.5, seed=1)
    save_data("reference.npz", **reference, film=np.arange(120))
    save_data(
        "new.npz", **{name: np.repeat(values, 10, axis=0) for name, values in new.items()}, film=np.arange(900) // 10
    )
    apart = errors(assess(task({"clusters": "film"}), places))
    save_data(
        "new.npz", **{name: np.repeat(values, 10, axis=0) for name, values in new.items()}, film=np.zeros(900, int)
    )
    one = errors(assess(task({"clusters": "film"}), places))

    assert apart["initial_error"] > 0
    assert "initial_error" not in one


def test_mixed_precision_is_told_and_moves_scores_little(task, places):
    own, half = assess(task(), places), assess(task(precision="BFloat16"), places)

    assert (own.report.precision, half.report.precision) == (None, "BFloat16")
    assert 0 < abs(rows(own)["arm"] - rows(half)["arm"]) < 0.05


def test_hashes_are_of_the_files(task, places, save_data, samples):
    save_data("held.npz", **samples(9))
    hashes = assess(task({"evaluation": {"uri": "pvc://data/held.npz"}}), places).summary.hashes

    def of(name: str) -> str:
        return "sha256:" + hashlib.sha256((places.claims_root / name).read_bytes()).hexdigest()

    assert hashes.model == of("models/m.pt2")
    assert hashes.reference == of("data/reference.npz")
    assert hashes.new == of("data/new.npz")
    assert hashes.evaluation == of("data/held.npz")


def test_what_the_passes_and_a_step_took_is_measured(task, places):
    measured = assess(task(), places).summary.measured

    assert measured.samples == 210
    assert measured.seconds > 0
    assert measured.energy_wh > 0
    assert measured.step_batch_size == 8
    assert measured.step_seconds > 0
    assert measured.head_step_seconds > 0
    assert measured.startup_seconds > 0


def test_waiting_for_other_shards_is_no_part_of_loading(task, places, monkeypatch):
    clock, waited = time.perf_counter, [0.0]

    @contextmanager
    def late(_shard: Shard) -> Iterator[Peers]:
        waited[0] = 1000.0
        yield Peers(ALONE)

    monkeypatch.setattr("modelreuse.worker.assess.met", late)
    monkeypatch.setattr(time, "perf_counter", lambda: clock() + waited[0])

    measured = assess(task(), places).summary.measured

    assert 0 < measured.startup_seconds < 1000


def test_without_a_probe_no_step_is_timed(task, places):
    assert assess(task(probeBatchSize=None), places).summary.measured.step_seconds is None


def test_a_probe_that_fails_does_not_fail_the_assessment(task, places, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("no gradient for this")

    monkeypatch.setattr("modelreuse.worker.probe.step_cost", fail)

    summary = assess(task(), places).summary

    assert summary.findings[0].reason == "ProbeFailed"
    assert summary.measured.step_seconds is None
    assert summary.scores


def test_labels_are_not_needed(task, places):
    summary = assess(task({"labels": None}), places).summary

    assert all(row.labels != "Given" for row in summary.scores)
    assert "LabelsMissing" in {finding.reason for finding in summary.findings}


def test_labels_of_the_reference_alone_give_its_accuracy(task, places, save_data, samples):
    save_data("new.npz", inputs=samples(90)["inputs"])

    assessed = assess(task(), places)

    assert "initial_accuracy_reference" in rows(assessed)
    assert "initial_accuracy_new" not in rows(assessed)
    assert "LabelsPartlyMissing" in {finding.reason for finding in assessed.summary.findings}


def test_where_nothing_moved_the_head_alone_is_worth_training(task, places):
    assessed = assess(task({"new": {"uri": "pvc://data/reference.npz"}}), places)

    assert (assessed.summary.layers, assessed.summary.moved) == (["head"], [])
    assert float(assessed.summary.trainable_share) == pytest.approx(27 / 67, abs=1e-5)
    assert [layer.name for layer in assessed.report.layers if layer.worth_training] == ["head"]
    assert assessed.report.trainable_share == assessed.summary.trainable_share


def test_a_change_of_the_input_moves_the_first_layer_so_all_are_worth_training(task, places, save_data, samples):
    save_data("new.npz", **samples(90, shift=3.0, seed=1))

    assessed = assess(task(), places)

    assert assessed.summary.layers == ["body", "head"]
    assert (assessed.summary.trainable_share, assessed.summary.backward_share) == (1, 1)
    farthest = max((x for x in assessed.report.layers if x.shift), key=lambda layer: layer.shift.distance)
    assert assessed.summary.moved[0].name == farthest.name
    assert assessed.summary.moved[0].shift == farthest.shift.distance > 1


def test_the_report_tells_of_every_layer_how_far_it_moved_and_what_training_it_takes(task, places):
    report = assess(task(), places).report

    body, head, embedding = report.layers
    assert embedding.name == "(embedding)"
    assert (embedding.parameters, embedding.worth_training, embedding.backward_share) == (0, False, None)
    assert [layer.shift.channels for layer in report.layers] == [8, 3, 8]
    assert all(layer.shift.error > 0 for layer in report.layers)
    # Two gradients of the head's 24 weights, one of the body's 32.
    assert float(head.backward_share) == pytest.approx(2 * 24 / (32 + 2 * 24), abs=1e-5)
    assert float(body.backward_share) == pytest.approx(32 / (32 + 2 * 24), abs=1e-5)


def test_a_layer_that_was_named_stands_in_the_report_though_it_has_no_parameters(task, places):
    report = assess(task(model={"layers": ["act"]}), places).report

    shifted = {layer.name: layer.shift is not None for layer in report.layers}
    assert shifted == {"body": False, "head": False, "act": True, "(embedding)": True}


@pytest.mark.parametrize(
    ("labelled", "samples_", "tier"), [(0, 300, "L0"), (49, 300, "L0"), (50, 300, "L1"), (300, 300, "L2")]
)
def test_the_tier_of_evidence_follows_from_the_labels_of_the_new_data(
    task, places, save_data, samples, labelled, samples_, tier
):
    given = samples(samples_, shift=0.5, seed=1)
    given["labels"] = np.where(np.arange(samples_) < labelled, given["labels"], -1)
    save_data("new.npz", **given)

    assessed = assess(task(), places)

    assert (assessed.summary.evidence, assessed.summary.labelled) == (tier, labelled)
    assert assessed.report.evidence == tier
    assert assessed.report.evidence_means


def test_safetensors_with_a_factory_are_assessed_alike(task, places, save_model):
    save_model("m.safetensors", save(build().state_dict()))
    source = {"uri": "pvc://models/m.safetensors", "factory": "unit.worker.tiny:build"}

    assert rows(assess(task(model=source), places)) == pytest.approx(rows(assess(task(), places)), abs=1e-5)


def test_the_report_holds_layers_scores_and_software(task, places):
    report = assess(task(), places).report

    assert [(layer.name, layer.kind, layer.parameters) for layer in report.layers] == [
        ("body", "Linear", 40),
        ("head", "Linear", 27),
        ("(embedding)", "", 0),
    ]
    assert {score.name for score in report.scores} == set(SCORES)
    assert report.software.torch == torch.__version__
    assert AssessmentReport.model_validate(report.to_wire()) == report


def test_the_report_is_stored_under_its_hash(task, places):
    assessed = assess(task(output="pvc://data/reports/line7"), places)

    (file,) = (places.claim("data") / "reports/line7").glob("assessment-*")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert assessed.summary.report_sha256 == f"sha256:{digest}"
    assert file.name == f"assessment-current-{digest[:16]}.json"
    assert AssessmentReport.model_validate(json.loads(file.read_text())) == assessed.report


def test_a_report_that_can_not_be_stored_is_a_finding(task, places):
    (places.claim("data") / "reports").write_text("a file where a folder should be")

    summary = assess(task(output="pvc://data/reports"), places).summary

    assert summary.report_sha256 is None
    assert summary.findings[0].reason == "ReportNotStored"
    assert summary.findings[0].message.startswith("spec.assessment.output: ")


def test_without_an_output_there_is_no_hash_of_a_report(task, places):
    assert assess(task(), places).summary.report_sha256 is None


def test_progress_reaches_the_end_of_both_passes(task, places):
    told = []

    assess(task(), places, progress=lambda *stage: told.append(stage))

    assert ("reference", 120, 120) in told
    assert ("new", 90, 90) in told


# --- mistakes ---


def refusal_of(task: AssessmentTask, places) -> TaskError:
    with pytest.raises(TaskError) as refusal:
        assess(task, places)
    assert str(refusal.value).startswith(f"{refusal.value.field}: ")
    assert not refusal.value.retryable
    return refusal.value


@pytest.mark.parametrize(
    ("part", "field"), [("reference", REFERENCE), ("new", NEW), ("evaluation", "spec.data.evaluation.uri")]
)
def test_a_missing_file_names_its_field(task, places, part, field):
    error = refusal_of(task({part: {"uri": "pvc://data/none.npz"}}), places)

    assert (error.reason, error.field) == ("FileNotFound", field)


def test_a_missing_model_names_its_field(task, places):
    error = refusal_of(task(model={"uri": "pvc://models/none.pt2"}), places)

    assert (error.reason, error.field) == ("FileNotFound", "spec.models[name=current].uri")


def test_a_wrong_shape_is_told_with_the_shape(task, places, save_data):
    save_data("new.npz", inputs=np.zeros((9, 7), np.float32))

    error = refusal_of(task(), places)

    assert (error.reason, error.field) == ("InputsRejected", NEW)
    assert "(9, 7)" in str(error)


def test_an_unknown_layer_is_told_with_near_names(task, places):
    error = refusal_of(task(model={"layers": ["haed"]}), places)

    assert (error.reason, error.field) == ("UnknownLayer", "spec.models[name=current].layers")
    assert "'head'" in str(error)


def test_nan_in_the_data_is_told(task, places, save_data):
    save_data("new.npz", inputs=np.full((9, 4), np.nan))

    assert (refusal_of(task(), places).reason, refusal_of(task(), places).field) == ("InputsNotFinite", NEW)


def test_nan_in_activations_is_told(task, places, save_model):
    model = build()
    nn.init.constant_(model.body.weight, float("nan"))
    save_model("m.pt2", exported(model, torch.zeros(2, 4)))

    assert refusal_of(task(), places).reason == "ActivationsNotFinite"


def test_empty_data_are_told(task, places, save_data):
    save_data("reference.npz", inputs=np.zeros((0, 4)))

    assert (refusal_of(task(), places).reason, refusal_of(task(), places).field) == ("EmptyData", REFERENCE)


def test_a_reference_of_one_class_is_told(task, places, save_data):
    save_data("reference.npz", inputs=np.zeros((30, 4)), labels=np.zeros(30, int))

    assert (refusal_of(task(), places).reason, refusal_of(task(), places).field) == ("OneClass", REFERENCE)


def test_labels_that_the_model_does_not_know_are_told(task, places, save_data):
    save_data("new.npz", inputs=np.zeros((9, 4)), labels=np.full(9, -2))
    assert refusal_of(task(), places).reason == "LabelsOutOfRange"
    save_data("new.npz", inputs=np.zeros((9, 4)), labels=np.full(9, 3))

    assert refusal_of(task(), places).reason == "LabelsOutOfRange"


def test_a_misspelt_name_of_labels_is_told(task, places):
    error = refusal_of(task({"labels": "label"}), places)

    assert (error.reason, error.field) == ("ArrayMissing", "spec.data.labels")


def test_unscaled_images_are_told_what_a_transform_is_for(task, places, save_data):
    save_data("reference.npz", inputs=np.zeros((9, 4), np.uint8))

    error = refusal_of(task(), places)

    assert error.reason == "InputsRejected"
    assert "spec.data.transform can scale and convert them" in str(error)


def test_a_truncated_archive_is_told(task, places):
    path = places.claim("data") / "new.npz"
    path.write_bytes(path.read_bytes()[:200])

    assert (refusal_of(task(), places).reason, refusal_of(task(), places).field) == ("ArchiveDamaged", NEW)


def test_a_missing_transform_is_told(task, places):
    error = refusal_of(task({"transform": "unit.worker.tiny:prepare"}), places)

    assert (error.reason, error.field) == ("CodeNotFound", "spec.data.transform")


def test_running_out_of_memory_is_not_hidden(task, places, monkeypatch):
    def fail(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("modelreuse.worker.assess.reference_pass", fail)

    with pytest.raises(torch.OutOfMemoryError):
        assess(task(), places)
