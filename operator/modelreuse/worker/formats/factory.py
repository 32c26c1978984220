"""Data that the user's own code reads: a function that gets a local path and yields batches.

For formats that we don't know. What is hashed is what the path names; what the function makes of it, and whether it
makes the same of it twice, is its own business.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from modelreuse.worker.errors import TaskError
from modelreuse.worker.formats.source import Column, Rows, RowSource, Wish, rebatched
from modelreuse.worker.staged import Staged
from modelreuse.worker.user_code import call, find

_END = object()


class FactoryRows(RowSource):
    """What the function yields: dicts of arrays by name, each with one row per sample, in batches of any size.

    It is called anew for each pass. Raises TaskError: CodeNotFound, CodeFailed, NotCallable, WrongBatch, EmptyData.
    """

    kind = "PythonFactory"
    samples = None

    def __init__(self, staged: Staged, wish: Wish) -> None:
        assert wish.factory is not None
        self._staged = staged
        self._wish = wish
        self._function = find(wish.factory, wish.factory_field)
        first = next(self._pieces(None), None)
        if first is None:
            raise TaskError("EmptyData", staged.field, f"{wish.factory} yields no samples")
        self.available = list(first)
        self.columns = {
            name: Column(name, str(first[name].dtype), first[name].shape[1:]) for name in wish.names if name in first
        }

    @override
    def chunks(self, names: Sequence[str], size: int) -> Iterator[Rows]:
        yield from rebatched(self._pieces(names), size)

    @override
    def scan(self, name: str) -> Iterator[NDArray[Any]]:
        """Nothing: reading one column means running the whole function."""
        return iter(())

    def _pieces(self, names: Sequence[str] | None) -> Iterator[Rows]:
        batches = self._call(lambda: iter(self._function(self._staged.root)))
        number = 0
        while (batch := self._call(lambda: next(batches, _END))) is not _END:
            number += 1
            rows = self._checked(batch, names, number)
            if len(next(iter(rows.values()))):
                yield rows

    def _call(self, step: Any) -> Any:
        return call(step, str(self._wish.factory), self._wish.factory_field)

    def _checked(self, batch: object, names: Sequence[str] | None, number: int) -> Rows:
        if not isinstance(batch, dict) or not batch or not all(isinstance(name, str) for name in batch):
            raise self._wrong(number, f"is of type {type(batch).__name__}; yield a dict of arrays by name")
        rows = {}
        for name in batch if names is None else names:
            if name not in batch:
                raise self._wrong(number, f"holds no {name!r}, as the first one does")
            values = np.asarray(batch[name])
            if values.ndim == 0:
                raise self._wrong(number, f"holds a single number as {name!r}; give one row per sample")
            rows[name] = values
        lengths = {len(values) for values in rows.values()}
        if len(lengths) > 1:
            raise self._wrong(number, f"holds arrays of {sorted(lengths)} rows; give each the same number")
        return rows

    def _wrong(self, number: int, detail: str) -> TaskError:
        return TaskError("WrongBatch", self._wish.factory_field, f"{self._wish.factory}: batch {number} {detail}")
