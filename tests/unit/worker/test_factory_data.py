"""The user's own reader: any format, batches of any size, and a sentence for whatever it does wrong."""

import numpy as np
import pytest
import torch

from modelreuse.api import DataSource, DataSources
from modelreuse.worker.data import load_data
from modelreuse.worker.errors import TaskError

FIELD = "spec.data.new.uri"


@pytest.fixture
def load(places, tmp_path, monkeypatch):
    """Makes `body` the reader of a text file, and loads that."""
    (places.claim("data") / "x.csv").write_text("1,2\n3,4\n5,6\n")
    monkeypatch.syspath_prepend(tmp_path)
    names = iter(f"reader_{number}_{tmp_path.name}".replace("-", "_") for number in range(9))

    def make(body, *, uri="pvc://data/x.csv", transform=None, **wish):
        name = next(names)
        (tmp_path / f"{name}.py").write_text(f"import numpy as np\nimport torch\n\n\ndef read(path):\n    {body}\n")
        source = DataSource(uri=uri, factory=f"{name}:read")
        sources = DataSources(**{"inputs": ["x"], "reference": source, "new": source, **wish})
        return load_data(source, FIELD, sources, places, transform)

    return make


LINES = "yield from ({'x': np.array([[float(v) for v in line.split(',')]])} for line in open(path))"


def test_batches_are_what_the_function_yields_in_the_size_that_is_wanted(load):
    data = load(LINES.replace("open(path)", "path.read_text().split()"))

    assert data.samples is None
    assert [arguments[0].tolist() for arguments, *_ in data.batches(2)] == [[[1, 2], [3, 4]], [[5, 6]]]


def test_it_is_called_anew_for_each_pass(load):
    data = load("yield {'x': np.arange(4.0), 'y': torch.arange(4)}", labels="y")

    assert [next(data.batches(4))[1].tolist() for _ in range(2)] == [[0, 1, 2, 3]] * 2


def test_the_first_rows_repeat_where_there_are_fewer(load):
    assert load("yield {'x': np.arange(2.0)}").first(5)[0].tolist() == [0, 1, 0, 1, 0]


def test_it_may_get_a_folder(load, places):
    (places.claim("data") / "set").mkdir()
    (places.claim("data") / "set/a.txt").write_text("7")

    data = load("yield {'x': np.array([float((path / 'a.txt').read_text())])}", uri="pvc://data/set/")

    assert data.take(slice(None))[0].tolist() == [7.0]


@pytest.mark.parametrize(
    ("body", "reason", "words"),
    [
        ("return None", "CodeFailed", "TypeError"),
        ("yield 5", "WrongBatch", "batch 1 is of type int; yield a dict of arrays by name"),
        ("yield {}", "WrongBatch", "batch 1 is of type dict"),
        ("yield {'x': 5}", "WrongBatch", "batch 1 holds a single number as 'x'"),
        ("yield {'x': np.zeros(2), 'y': np.zeros(3)}", "WrongBatch", "arrays of [2, 3] rows"),
        ("yield {'z': np.zeros(2)}", "ArrayMissing", "holds no array 'x'; it holds 'z'"),
        ("yield from ()", "EmptyData", "yields no samples"),
        ("yield {'x': np.zeros(0)}", "EmptyData", "yields no samples"),
        ("yield {'x': np.zeros(1)}; raise ValueError('line 2 is odd')", "CodeFailed", "ValueError: line 2 is odd"),
        ("yield {'x': np.zeros(1)}; yield {'z': np.zeros(1)}", "WrongBatch", "batch 2 holds no 'x'"),
        ("yield {'x': np.array(['a'])}", "WrongType", "is of type <U1"),
        ("yield {'x': np.zeros(1), 'y': np.array([.5])}", "LabelsNotIntegers", "aren't whole numbers"),
        ("yield {'x': np.zeros(1), 'y': np.array(['a'])}", "LabelsNotIntegers", "of type <U1"),
    ],
)
def test_what_it_does_wrong_is_told(load, body, reason, words):
    with pytest.raises(TaskError) as refusal:
        list(load(body, labels="y").batches(4))

    assert refusal.value.reason == reason
    assert words in str(refusal.value)
    assert refusal.value.field in {FIELD, "spec.data.new.factory"}


def test_it_may_yield_tensors(load):
    assert load("yield {'x': torch.ones(2)}").take(slice(None))[0].dtype == np.float32


def test_what_a_transform_makes_of_it_counts(load):
    data = load("yield {'x': np.array(['a', 'bb'])}", transform=lambda a: torch.tensor([len(t) for t in a["x"]]))

    assert data.take(slice(None))[0].tolist() == [1, 2]
