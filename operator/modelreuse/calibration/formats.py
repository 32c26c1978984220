"""Samples as files that a trainer reads in place of the check's own: one line in a table per format, by the suffix.

The same samples give the same bytes, since a campaign knows by their hash what it has run.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from modelreuse.calibration.samples import Array, Rows
from modelreuse.worker import TaskError

Write = Callable[[Path, Rows], None]


def write_npz(path: Path, rows: Rows) -> None:
    """As `numpy.savez` does, which writes no time of day."""
    np.savez(path, allow_pickle=False, **rows)


def write_parquet(path: Path, rows: Rows) -> None:
    """A column per array; of what has more dimensions, lists of one length. Raises TaskError without pyarrow."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        detail = "a .parquet file needs the extra 'parquet': pip install 'model-reuse-operator[parquet]'"
        raise TaskError("ExtraMissing", "spec.data.new.uri", detail) from None
    parquet.write_table(pa.table({name: _column(values) for name, values in rows.items()}), path)


FORMATS: Mapping[str, Write] = MappingProxyType({".npz": write_npz, ".parquet": write_parquet})


def _column(values: Array) -> Any:
    import pyarrow as pa

    column = pa.array(values.reshape(-1) if values.dtype.kind != "O" else values.tolist())
    for size in reversed(values.shape[1:]):
        column = pa.FixedSizeListArray.from_arrays(column, size)
    return column
