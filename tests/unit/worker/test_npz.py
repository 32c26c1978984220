"""Arrays come out as they went in; nothing is unpickled, and no header is believed."""

import io
import struct
import zipfile

import numpy as np
import pytest

from modelreuse.api import DataSource, DataSources
from modelreuse.worker.content import Content
from modelreuse.worker.data import load_data
from modelreuse.worker.errors import TaskError
from modelreuse.worker.formats.npz import NpzRows, load_npz
from modelreuse.worker.formats.source import MAX_ROW_BYTES, Wish, check_row_bytes
from modelreuse.worker.staged import stage

FIELD = "spec.data.new.uri"


def saved(compressed: bool = False, **arrays: object) -> Content:
    buffer = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(buffer, **arrays)
    return Content(buffer.getvalue(), "")


def archive(**members: bytes) -> Content:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, data in members.items():
            file.writestr(f"{name}.npy", data)
    return Content(buffer.getvalue(), "")


def header(description: str) -> bytes:
    text = description.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    "array",
    [
        np.arange(24, dtype=np.float32).reshape(2, 3, 4),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(5, dtype=">i4"),
        np.array([True, False]),
        np.zeros((0, 3), np.uint8),
        np.float64(3.5),
    ],
)
def test_arrays_come_out_as_they_went_in(array, compressed):
    loaded = load_npz(saved(compressed, x=array), FIELD, ["x"])["x"]

    assert loaded.dtype == np.asarray(array).dtype
    assert np.array_equal(loaded, array)


def test_only_wanted_arrays_are_read():
    assert load_npz(saved(x=np.zeros(1), y=np.array([object()])), FIELD, ["x", "z"]).keys() == {"x"}


def test_an_array_of_objects_needs_a_pickle():
    with pytest.raises(TaskError, match="holds Python objects") as refusal:
        load_npz(saved(x=np.array([{}])), FIELD, ["x"])

    assert refusal.value.reason == "NeedsPickle"


@pytest.mark.parametrize(
    "array", [np.array(["a"]), np.array(["2024-01-01"], "M8[D]"), np.zeros(1, complex), np.zeros(1, [("a", int)])]
)
def test_values_that_no_model_takes_are_of_the_wrong_type(array):
    with pytest.raises(TaskError) as refusal:
        load_npz(saved(x=array), FIELD, ["x"])

    assert refusal.value.reason == "WrongType"


def test_a_header_that_declares_more_than_the_member_holds_is_damage():
    bomb = header("{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776,), }")

    with pytest.raises(TaskError, match="another size than its header says"):
        load_npz(archive(x=bomb + b"\0" * 8), FIELD, ["x"])


def test_an_archive_that_unpacks_to_more_than_the_limit_is_refused():
    bomb = saved(compressed=True, x=np.zeros(1_000_000))

    with pytest.raises(TaskError, match=r"unpacks to 8000128 bytes; at most 1000000 are read") as refusal:
        load_npz(bomb, FIELD, ["x"], limit=1_000_000)

    assert refusal.value.reason == "ArchiveTooLarge"


@pytest.mark.parametrize("data", [b"", b"PK", b"no archive at all", b"\x93NUMPY\x01\x00"])
def test_another_format_is_no_archive(data):
    with pytest.raises(TaskError, match=r"no readable \.npz archive") as refusal:
        load_npz(Content(data, ""), FIELD, ["x"])

    assert refusal.value.reason == "ArchiveDamaged"


def test_a_flipped_bit_is_damage():
    data = bytearray(saved(x=np.zeros(1000)).data)
    data[2000] ^= 1

    with pytest.raises(TaskError) as refusal:
        load_npz(Content(bytes(data), ""), FIELD, ["x"])

    assert refusal.value.reason == "ArchiveDamaged"


def rows_of(places, *, labels=None, inputs=("x",), compressed=False, **arrays: np.ndarray):
    path = places.claim("data") / "x.npz"
    (np.savez_compressed if compressed else np.savez)(path, **arrays)
    source = DataSource(uri="pvc://data/x.npz")
    return load_data(
        source, FIELD, DataSources(inputs=list(inputs), labels=labels, reference=source, new=source), places
    )


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("order", ["C", "F"])
def test_rows_stream_in_order_whatever_the_layout(places, compressed, order):
    values = np.arange(60, dtype=np.float32).reshape(10, 2, 3)
    data = rows_of(places, compressed=compressed, x=np.asarray(values, order=order), y=np.arange(10), labels="y")

    batches = list(data.batches(4))

    assert np.array_equal(np.concatenate([arguments[0] for arguments, *_ in batches]), values)
    assert [labels.tolist() for _, labels, _ in batches] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_damage_far_inside_is_found_when_it_is_reached(places):
    rows_of(places, x=np.zeros((1000, 1000), np.float32))
    path = places.claim("data") / "x.npz"
    with path.open("r+b") as file:
        file.seek(3_000_000)
        file.write(b"\xff")
    source = DataSource(uri="pvc://data/x.npz")
    data = load_data(source, FIELD, DataSources(inputs=["x"], reference=source, new=source), places)

    with pytest.raises(TaskError, match="'x' can't be read: cut off or damaged") as refusal:
        list(data.batches(100))

    assert refusal.value.reason == "ArchiveDamaged"


def test_a_compressed_data_set_may_not_unpack_to_more_than_the_limit(places):
    rows_of(places, compressed=True, x=np.zeros(1_000_000))
    source = DataSource(uri="pvc://data/x.npz")
    staged = stage(source.uri, FIELD, places)

    with pytest.raises(TaskError, match="unpacks to 8000128 bytes; at most 1000000 are read"):
        NpzRows(staged, Wish(("x",), None), limit=1_000_000)


def test_one_row_that_fills_the_memory_is_refused():
    with pytest.raises(TaskError, match="one row of the array 'x' takes 1073741825 bytes"):
        check_row_bytes("x", MAX_ROW_BYTES + 1, FIELD)
