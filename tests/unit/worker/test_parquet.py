"""Columns come out as arrays; what can't be read is named with its row group."""

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from modelreuse.api import DataSource, DataSources
from modelreuse.worker.data import load_data
from modelreuse.worker.errors import TaskError

FIELD = "spec.data.new.uri"


@pytest.fixture
def load(places):
    """Writes columns into a file of the claim `data`, and loads it."""

    def make(columns=None, *, name="x.parquet", transform=None, group=4, path=None, **wish):
        if columns is not None:
            target = places.claim("data") / (path or name)
            target.parent.mkdir(parents=True, exist_ok=True)
            parquet.write_table(pa.table(columns), target, row_group_size=group)
        source = DataSource(uri=f"pvc://data/{name}")
        sources = DataSources(**{"inputs": ["x"], "reference": source, "new": source, **wish})
        return load_data(source, FIELD, sources, places, transform)

    return make


def inputs(data, size=3) -> np.ndarray:
    return np.concatenate([arguments[0] for arguments, *_ in data.batches(size)])


def tensors(values: np.ndarray) -> pa.Array:
    return pa.FixedShapeTensorArray.from_numpy_ndarray(values)


VECTORS = np.arange(40, dtype=np.float32).reshape(10, 4)


@pytest.mark.parametrize(
    ("column", "wanted"),
    [
        (pa.array(range(10)), np.arange(10)),
        (pa.array([True, False] * 5), np.array([True, False] * 5)),
        (pa.array(VECTORS.tolist()), VECTORS),
        (pa.array(VECTORS.tolist(), pa.large_list(pa.float32())), VECTORS),
        (pa.FixedSizeListArray.from_arrays(pa.array(VECTORS.ravel()), 4), VECTORS),
        (pa.array(VECTORS.reshape(10, 2, 2).tolist()), VECTORS.reshape(10, 2, 2)),
        (tensors(VECTORS.reshape(10, 2, 2)), VECTORS.reshape(10, 2, 2)),
        (pa.array(VECTORS.astype(np.uint8).tolist(), pa.list_(pa.uint8())), VECTORS.astype(np.uint8)),
    ],
)
def test_columns_of_numbers_and_of_lists_are_arrays(load, column, wanted):
    data = load({"x": column})

    assert data.samples == 10
    assert inputs(data).tolist() == wanted.tolist()
    assert data.columns["x"].shape == wanted.shape[1:]


def test_batches_reach_over_row_groups_and_keep_their_size(load):
    data = load({"x": range(10), "y": range(10)}, group=4, labels="y")

    assert [labels.tolist() for _, labels, _ in data.batches(3)] == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]


def test_the_first_rows_can_be_had_alone(load):
    assert load({"x": range(10)}).take(slice(0, 2))[0].tolist() == [0, 1]


def test_a_folder_of_files_is_one_data_set(load):
    load({"x": [1, 2]}, path="many/part-0.parquet", name="many/")
    data = load({"x": [3]}, path="many/part-1.parquet", name="many/")

    assert (data.samples, inputs(data).tolist()) == (3, [1, 2, 3])


def test_an_empty_file_of_the_folder_says_nothing(load):
    with pytest.raises(TaskError, match="holds no samples"):
        load({"x": pa.array([], pa.list_(pa.float32()))}, path="many/part-0.parquet", name="many/")
    data = load({"x": [[1.0, 2.0]]}, path="many/part-1.parquet", name="many/")

    assert (data.samples, inputs(data).tolist()) == (1, [[1.0, 2.0]])


def test_a_file_of_the_folder_without_the_column_is_named(load):
    load({"x": [1]}, path="many/part-0.parquet", name="many/")

    with pytest.raises(TaskError, match=r"'part-1\.parquet' holds no column 'x'.*it holds 'y'"):
        load({"y": [1]}, path="many/part-1.parquet", name="many/")


def test_text_reaches_a_transform_as_objects(load):
    data = load({"x": ["a", "bb"]}, transform=lambda arrays: np.array([len(text) for text in arrays["x"]]))

    assert inputs(data).tolist() == [1, 2]


@pytest.mark.parametrize(
    ("columns", "reason", "words"),
    [
        ({"y": [1]}, "ArrayMissing", "holds no array 'x'; it holds 'y'"),
        ({"x": pa.array([], pa.int64())}, "EmptyData", "no samples"),
        ({"x": ["text"]}, "WrongType", "is of type string"),
        ({"x": pa.array([0], pa.timestamp("s"))}, "WrongType", "is of type timestamp"),
        ({"x": [1, None]}, "ValuesMissing", "holds nulls in row group 1 of 1"),
        ({"x": [[1, None]]}, "ValuesMissing", "holds nulls"),
        ({"x": [[1], [1, 2]]}, "WrongShape", "lists of 1 to 2 values in row group 1"),
        ({"x": [[1]] * 4 + [[1, 2]]}, "WrongShape", "shape (2,) in row group 2 of 2, but (1,) before"),
        ({"x": [1], "y": [0.5]}, "LabelsNotIntegers", "aren't whole numbers"),
        ({"x": [1], "y": [[1]]}, "WrongShape", "rows of shape (1,)"),
        ({"x": [1], "y": [None]}, "WrongType", "'y' is of type null"),
        ({"x": [1], "y": pa.array([None], pa.int64())}, "ValuesMissing", "'y' holds nulls"),
    ],
)
def test_bad_columns_are_told(load, columns, reason, words):
    with pytest.raises(TaskError) as refusal:
        inputs(load(columns, labels="y"))

    assert (refusal.value.reason, refusal.value.field) == (reason, FIELD)
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    "data", [b"", b"PAR1", b"no parquet at all", b"PAR1" + b"\xff" * 100 + b"\xff\xff\x00\x00PAR1"]
)
def test_another_format_is_no_parquet_file(load, places, data):
    (places.claim("data") / "x.parquet").write_bytes(data)

    with pytest.raises(TaskError, match=r"no readable \.parquet file") as refusal:
        load()

    assert refusal.value.reason == "ArchiveDamaged"


def test_a_truncated_file_is_damaged(load, places):
    load({"x": range(100)})
    path = places.claim("data") / "x.parquet"
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(TaskError) as refusal:
        load()

    assert refusal.value.reason == "ArchiveDamaged"


def test_an_unreadable_row_group_is_named(load, places):
    load({"x": np.random.default_rng(0).normal(size=3000)}, group=1000)
    path = places.claim("data") / "x.parquet"
    raw = bytearray(path.read_bytes())
    start = parquet.ParquetFile(path).metadata.row_group(1).column(0).data_page_offset
    raw[start : start + 40] = b"\xff" * 40
    path.write_bytes(raw)

    with pytest.raises(TaskError) as refusal:
        inputs(load(), 500)

    assert refusal.value.reason == "RowGroupDamaged"
    assert "row group 2 of 3 can't be read" in str(refusal.value)


def test_a_file_that_changes_between_passes_is_told(load, places):
    data = load({"x": range(10)})
    load({"x": range(1, 11)})

    with pytest.raises(TaskError) as refusal:
        inputs(data)

    assert refusal.value.reason == "DataChanged"
