"""One assessment by several processes: which one this is, and the exchange by which all come to hold the same sums.

Each passes every N-th sample through the model; sketches add up, so after an exchange each of them knows what one
process alone would know. Who is missing is told as an error that may heal: the whole set begins anew.
"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray

from modelreuse.api import Basis, ContentHashes
from modelreuse.api.names import RENDEZVOUS_ENV, SHARD_ENV, SHARDS_ENV
from modelreuse.scores import NewPass, ReferencePass
from modelreuse.worker.content import Content
from modelreuse.worker.effort import Effort
from modelreuse.worker.errors import TaskError
from modelreuse.worker.formats.archive import Archive
from modelreuse.worker.formats.npz import array_names, load_npz

FIELD: Final = "spec.assessment.shards"
PATIENCE: Final = timedelta(minutes=10)
"""How long one waits for the others: they start, download and pass at different speeds."""
MAX_BYTES: Final = 2**30
_HEAD: Final = "modelreuse"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shard:
    """One of `count` processes, numbered from 0; they meet at `rendezvous`, host:port of number 0."""

    number: int = 0
    count: int = 1
    rendezvous: str = ""

    @staticmethod
    def of_environment(environment: Mapping[str, str]) -> Shard:
        """As an Indexed Job says; the only one where it says nothing. Raises TaskError for what makes no sense."""
        if SHARDS_ENV not in environment:
            return Shard()
        number, count = (environment.get(name, "") for name in (SHARD_ENV, SHARDS_ENV))
        if not (number.isdecimal() and count.isdecimal() and int(number) < int(count)):
            raise TaskError("BadTask", FIELD, f"{SHARD_ENV}={number!r} is none of {SHARDS_ENV}={count!r}")
        return Shard(int(number), int(count), environment.get(RENDEZVOUS_ENV, ""))


ALONE: Final = Shard()


class Peers:
    """All processes of an assessment; made by `met`. With one process alone, exchanges are for nothing."""

    def __init__(self, shard: Shard) -> None:
        self.shard = shard

    def exchange(self, data: bytes) -> list[bytes]:
        """What each process gave, in the order of their numbers. Raises TaskError ShardLost where one is missing."""
        if self.shard.count == 1:
            return [data]
        own = torch.from_numpy(np.frombuffer(data, np.uint8).copy())
        with _losses():
            sizes = [torch.zeros(1, dtype=torch.int64) for _ in range(self.shard.count)]
            dist.all_gather(sizes, torch.tensor([len(own)]))
            lengths = [int(size) for size in sizes]
            if max(lengths) > MAX_BYTES:
                raise TaskError("ShardLost", FIELD, f"a shard sent {max(lengths)} bytes; at most {MAX_BYTES} are read")
            padded = torch.zeros(max(*lengths, 1), dtype=torch.uint8)
            padded[: len(own)] = own
            everyones = [torch.empty_like(padded) for _ in lengths]
            dist.all_gather(everyones, padded)
        return [given[:length].numpy().tobytes() for given, length in zip(everyones, lengths, strict=True)]

    def agree(self, read: ContentHashes) -> None:
        """Raises TaskError DataChanged where another has read other bytes: their sums would be sums of nothing."""
        first, *others = self.exchange(read.model_dump_json().encode())
        if any(other != first for other in others):
            detail = (
                "shards have read different bytes; code, weights and data must stay as they are while they are read"
            )
            raise TaskError("DataChanged", FIELD, detail, retryable=True)

    def join(self, seen: ReferencePass | NewPass) -> None:
        """Merges into the pass what the others saw."""
        if self.shard.count == 1:
            return
        for number, data in enumerate(self.exchange(packed(seen))):
            if number != self.shard.number:
                head, arrays = _unpacked(data)
                seen.merge_arrays(arrays)
                if isinstance(seen, ReferencePass):
                    seen.head = seen.head if seen.head is not None else head

    def told(self, known: ReferencePass | None) -> ReferencePass | None:
        """The reference that number 0 has kept from before: all skip that pass, or none does."""
        if self.shard.count == 1:
            return known
        data = self.exchange(b"" if known is None else packed(known))[0]
        if not data:
            return None
        if known is None:
            known = ReferencePass()
            known.head, arrays = _unpacked(data)
            known.merge_arrays(arrays)
        return known

    def together(self, effort: Effort) -> Effort:
        """What all spent, added up."""
        if self.shard.count == 1:
            return effort
        every = [json.loads(data) for data in self.exchange(json.dumps(asdict(effort)).encode())]
        first, *others = (Effort(**{**each, "basis": Basis(each["basis"])}) for each in every)
        for other in others:
            first += other
        return first


@contextmanager
def met(shard: Shard, patience: timedelta = PATIENCE) -> Iterator[Peers]:
    """Waits until all processes are there; they part at the end. Raises TaskError ShardLost where one doesn't come."""
    if shard.count == 1:
        yield Peers(shard)
        return
    with _losses():
        dist.init_process_group(
            "gloo",
            init_method=f"tcp://{shard.rendezvous}",
            rank=shard.number,
            world_size=shard.count,
            timeout=patience,
        )
    _LOG.info("shard %d of %d has met the others", shard.number, shard.count)
    try:
        yield Peers(shard)
    finally:
        dist.destroy_process_group()


def packed(seen: ReferencePass | NewPass) -> bytes:
    """Sketches, and the head's name, as an npz without pickles."""
    head = seen.head if isinstance(seen, ReferencePass) else None
    arrays: dict[str, NDArray[Any]] = {_HEAD: np.frombuffer(json.dumps(head).encode(), np.uint8), **seen.to_arrays()}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _unpacked(data: bytes) -> tuple[str | None, dict[str, NDArray[Any]]]:
    try:
        names = array_names(Archive(io.BytesIO(data), FIELD, ".npz"))
        arrays = load_npz(Content(data, ""), FIELD, names, limit=MAX_BYTES)
        head = json.loads(arrays.pop(_HEAD).tobytes())
    except (TaskError, KeyError, ValueError) as error:
        raise TaskError("ShardLost", FIELD, "a shard sent something that are no sketches", retryable=True) from error
    return head if isinstance(head, str) else None, arrays


@contextmanager
def _losses() -> Iterator[None]:
    """A lost peer, and one that doesn't come, are RuntimeErrors or a kind of them to gloo."""
    try:
        yield
    except RuntimeError as error:
        cause = " ".join(str(error).split())[:300]
        raise TaskError(
            "ShardLost", FIELD, f"another shard went away or never came: {cause}", retryable=True
        ) from error
