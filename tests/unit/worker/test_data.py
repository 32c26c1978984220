"""Data sets: lengths, labels, types, transforms."""

import sys

import numpy as np
import pytest
import torch

from modelreuse.api import DataSource, DataSources
from modelreuse.worker.data import load_data
from modelreuse.worker.errors import TaskError
from modelreuse.worker.user_code import find

FIELD = "spec.data.new.uri"
SIGNALLING = np.array([0x7FF0000000000001, 0], np.uint64).view(np.float64)  # NaN that processors report


@pytest.fixture
def load(save_data, places):
    def make(transform=None, *, labels="labels", inputs=("inputs",), labels_required=False, name="", **arrays):
        uri = save_data("x.npz", **arrays)
        sources = {"inputs": list(inputs), "reference": {"uri": uri}, "new": {"uri": uri}, "labels": labels}
        sources = DataSources(**sources, transform=name or None)
        return load_data(DataSource(uri=uri), FIELD, sources, places, transform, labels_required=labels_required)

    return make


def test_batches_hold_every_row_once_and_in_order(load):
    data = load(inputs=["a"], a=np.arange(10, dtype=np.float32), labels="y", y=np.arange(10))

    batches = list(data.batches(4))

    assert [len(labels) for _, labels, _ in batches] == [4, 4, 2]
    assert np.concatenate([inputs[0] for inputs, *_ in batches]).tolist() == list(range(10))


@pytest.mark.parametrize("given", [np.float16, np.float32, np.float64, ">f4", ">f8"])
def test_floating_point_becomes_float32(load, given):
    data = load(inputs=["x"], x=np.ones((2, 3), given))

    assert data.take(slice(None))[0].dtype == np.float32


@pytest.mark.parametrize("given", [np.uint8, np.int64, np.bool_])
def test_whole_numbers_stay_what_they_are(load, given):
    assert load(inputs=["x"], x=np.ones(3, given)).take(slice(None))[0].dtype == given


def test_arguments_come_in_the_order_of_the_check(load):
    data = load(inputs=["b", "a"], a=np.zeros(2), b=np.ones(2))

    assert [values[0] for values in data.take(slice(0, 1))] == [1.0, 0.0]


def test_absent_labels_are_data_without_labels(load):
    data = load(inputs=["x"], x=np.zeros(3))

    assert not data.labelled
    assert [labels for _, labels, _ in data.batches(2)] == [None, None]


def test_whole_numbers_in_floating_point_are_labels(load):
    data = load(inputs=["x"], x=np.zeros(2), labels="y", y=np.array([0.0, 2.0]))

    assert [labels.tolist() for _, labels, _ in data.batches(2)] == [[0, 2]]


@pytest.mark.parametrize(
    ("arrays", "reason", "words"),
    [
        ({"x": np.zeros(2)}, "ArrayMissing", "holds no array 'inputs'; it holds 'x'"),
        ({"inputs": np.zeros(3), "labels": np.zeros(2)}, "LengthsDiffer", "'inputs' 3, 'labels' 2"),
        ({"inputs": np.zeros((0, 4))}, "EmptyData", "no samples"),
        ({"inputs": np.float32(1)}, "WrongShape", "single number"),
        ({"inputs": np.zeros(2), "labels": np.array([0.5, 1])}, "LabelsNotIntegers", "aren't whole numbers"),
        ({"inputs": np.zeros(2), "labels": np.array([np.nan, 1])}, "LabelsNotIntegers", "aren't whole numbers"),
        ({"inputs": np.zeros(2), "labels": np.array([1e30, 1])}, "LabelsNotIntegers", "aren't whole numbers"),
        ({"inputs": np.zeros(2), "labels": SIGNALLING}, "LabelsNotIntegers", "aren't whole numbers"),
        ({"inputs": np.zeros(2), "labels": np.zeros((2, 1), int)}, "WrongShape", "rows of shape (1,)"),
        ({"inputs": np.array(["a"])}, "WrongType", "type <U1"),
    ],
)
def test_bad_data_are_told(save_data, places, arrays, reason, words):
    uri = save_data("x.npz", **arrays)
    sources = DataSources(labels="labels", reference={"uri": uri}, new={"uri": uri})

    with pytest.raises(TaskError) as refusal:
        load_data(DataSource(uri=uri), FIELD, sources, places)

    assert refusal.value.reason == reason
    assert str(refusal.value).startswith(f"{FIELD}: ")
    assert words in str(refusal.value)


def clustered(save_data, places, **arrays):
    uri = save_data("x.npz", inputs=np.zeros(3, np.float32), **arrays)
    sources = DataSources(clusters="patient", reference={"uri": uri}, new={"uri": uri})
    return load_data(DataSource(uri=uri), FIELD, sources, places, clustered=True)


def test_each_row_comes_with_its_cluster(save_data, places):
    data = clustered(save_data, places, patient=np.array([7.0, 7.0, -2.0]))

    assert [clusters.tolist() for _, _, clusters in data.batches(2)] == [[7, 7], [-2]]


def test_rows_have_no_clusters_where_nobody_names_any(load):
    assert [clusters for _, _, clusters in load(inputs=["x"], x=np.zeros(2)).batches(2)] == [None]


@pytest.mark.parametrize(
    ("arrays", "reason", "words"),
    [
        ({}, "ArrayMissing", "holds no array 'patient'; it holds 'inputs'"),
        ({"patient": np.array([0.5, 1, 2])}, "ClustersNotIntegers", "'patient' aren't whole numbers; give one whole"),
        ({"patient": np.zeros((3, 2), int)}, "WrongShape", "rows of shape (2,)"),
    ],
)
def test_clusters_that_tell_nothing_are_refused(save_data, places, arrays, reason, words):
    with pytest.raises(TaskError) as refusal:
        clustered(save_data, places, **arrays)

    assert refusal.value.reason == reason
    assert words in str(refusal.value)


def test_values_that_single_precision_cannot_hold_are_told(load):
    data = load(inputs=["x"], x=np.array([1.0, 1.7e40]))

    with pytest.raises(TaskError, match=r"^spec\.data\.new\.uri: the array 'x' holds values beyond float32") as refusal:
        data.take(slice(None))

    assert refusal.value.reason == "InputsNotFinite"


def test_signalling_nan_become_quiet_ones(load):
    data = load(inputs=["x"], x=SIGNALLING)

    assert np.isnan(data.take(slice(None))[0][0])


def test_required_labels_must_be_named(load):
    with pytest.raises(TaskError, match=r"^spec\.data\.labels: "):
        load(inputs=["x"], x=np.zeros(2), labels=None, labels_required=True)


def test_a_transform_gets_arrays_by_name_and_gives_tensors(load):
    data = load(lambda a: torch.as_tensor(a["x"]).float() / 255, inputs=["x"], x=np.full(3, 255, np.uint8))

    assert data.take(slice(None))[0].tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("transform", "words"),
    [
        (lambda a: "text", "returned a value of type str"),
        (lambda a: (a["x"], None), "returned a value of type NoneType"),
        (lambda a: a["x"][:1], "shape (1,) of 3 samples"),
        (lambda a: torch.tensor(1.0), "shape () of 3 samples"),
    ],
)
def test_a_transform_that_gives_something_else_is_told(load, transform, words):
    with pytest.raises(TaskError) as refusal:
        load(transform, name="m:f", inputs=["x"], x=np.zeros(3)).take(slice(None))

    assert (refusal.value.reason, refusal.value.field) == ("WrongTransform", "spec.data.transform")
    assert words in str(refusal.value)


def test_a_transform_that_raises_is_told_with_its_line(load, tmp_path, monkeypatch):
    (tmp_path / "prepare_data.py").write_text("def f(arrays):\n    return arrays['pixels']\n")
    monkeypatch.syspath_prepend(tmp_path)
    transform = find("prepare_data:f", "spec.data.transform")
    sys.modules.pop("prepare_data")

    with pytest.raises(TaskError, match=r"KeyError: 'pixels' at prepare_data\.py:2"):
        load(transform, name="prepare_data:f", inputs=["x"], x=np.zeros(3)).take(slice(None))
