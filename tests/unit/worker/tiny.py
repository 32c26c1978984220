"""A classifier small enough to export in a test, and how its archive is taken apart and put together again."""

import io
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import nn

from modelreuse.worker.formats.source import Column, Rows, RowSource

INPUTS, CLASSES = 4, 3

Members = dict[str, bytes]


def build() -> nn.Module:
    """Body and head, 67 parameters."""
    torch.manual_seed(7)
    layers = OrderedDict(body=nn.Linear(INPUTS, 8), act=nn.ReLU(), head=nn.Linear(8, CLASSES))
    return nn.Sequential(layers).eval()


def exported(model: nn.Module, *example: torch.Tensor) -> bytes:
    """The model as `torch.export.save` writes it, with a dynamic batch."""
    batch = torch.export.Dim("batch", min=1, max=65536)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(model, example, dynamic_shapes=tuple({0: batch} for _ in example))
        buffer = io.BytesIO()
        torch.export.save(program, buffer)
    return buffer.getvalue()


def zipped(members: Members) -> bytes:
    """An archive of stored members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


class ArrayRows(RowSource):
    """Arrays in memory, as a format would give them."""

    kind = "Arrays"

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        self._arrays = arrays
        self.available = list(arrays)
        self.columns = {name: Column(name, str(each.dtype), each.shape[1:]) for name, each in arrays.items()}
        self.samples = len(next(iter(arrays.values())))

    def chunks(self, names: Sequence[str], size: int) -> Iterator[Rows]:
        for start in range(0, self.samples, size):
            yield {name: self._arrays[name][start : start + size] for name in names}
