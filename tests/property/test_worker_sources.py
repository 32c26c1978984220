"""Whatever bytes a data set holds, reading it ends with one of our errors or with rows; and rows never get lost."""

import io
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pyarrow import parquet

from modelreuse.api import DataSource, DataSources
from modelreuse.api.uris import SCHEMES, check_uri
from modelreuse.worker import Places, TaskError
from modelreuse.worker.data import load_data
from modelreuse.worker.formats.source import rebatched
from modelreuse.worker.schemes import RESOLVERS, STORAGES

FIELD = "spec.data.new.uri"


def table() -> bytes:
    buffer = io.BytesIO()
    columns = {"x": [[float(n), 1.0] for n in range(40)], "y": [n % 3 for n in range(40)]}
    parquet.write_table(pa.table(columns), buffer, row_group_size=10)
    return buffer.getvalue()


def arrays() -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, x=np.arange(80.0).reshape(40, 2), y=np.arange(40) % 3)
    return buffer.getvalue()


def picture(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((32, 32)).convert("RGB").save(buffer, kind)
    return buffer.getvalue()


GOOD = {
    "x.parquet": table(),
    "x.npz": arrays(),
    "set/a/1.png": picture("PNG"),
    "set/a/1.jpg": picture("JPEG"),
    "set/a/1.webp": picture("WEBP"),
    "set/a/1.tiff": picture("TIFF"),
    "set/a/1.bmp": picture("BMP"),
}


@pytest.mark.parametrize("name", GOOD)
@settings(max_examples=60, deadline=None)
@given(edits=st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), max_size=6), end=st.integers(0, 2**17))
def test_damaged_data_are_an_error_of_ours_or_harmless(name, edits, end):
    data = bytearray(GOOD[name])
    for position, value in edits:
        data[position % len(data)] = value
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(bytes(data[:end]))
        source = DataSource(uri=f"pvc://data/{'set/' if '/' in name else name}")
        sources = DataSources(inputs=["x"], labels="y", reference=source, new=source)
        try:
            loaded = load_data(source, FIELD, sources, Places(claims_root=Path(folder)))
            rows = sum(len(arguments[0]) for arguments, *_ in loaded.batches(16))
        except TaskError as error:
            sentence = str(error)
        else:
            assert rows == loaded.samples
            return
    assert sentence.startswith(f"{FIELD}: ")


@given(st.lists(st.integers(1, 20), max_size=12), st.integers(1, 15))
def test_rebatching_keeps_every_row_in_order(lengths, size):
    rows = np.arange(sum(lengths))
    pieces = [{"x": part} for part in np.split(rows, np.cumsum(lengths)[:-1])] if lengths else []

    chunks = [chunk["x"] for chunk in rebatched(iter(pieces), size)]

    assert np.array_equal(np.concatenate([*chunks, np.zeros(0, int)]), rows)
    assert all(len(chunk) == size for chunk in chunks[:-1])
    assert all(0 < len(chunk) <= size for chunk in chunks)


@given(st.text(max_size=60))
def test_any_text_is_a_uri_or_told_why_not(text):
    for uri in (text, *(f"{scheme}://{text}" for scheme in SCHEMES)):
        try:
            assert check_uri(uri) == uri
        except ValueError as error:
            told = str(error)
        else:
            told = repr(uri)
            assert uri.partition("://")[0] in {**RESOLVERS, **STORAGES}
            assert "?" not in uri or not uri.startswith("https://")
            assert (
                "@" not in uri
                or not uri.startswith("https://")
                or "/" in uri.partition("@")[0].removeprefix("https://")
            )
        assert repr(uri) in told
