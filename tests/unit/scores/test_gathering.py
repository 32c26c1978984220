"""Batches of any size, gathered into chunks: the same rows in the same order, in numbers of the same types."""

import pytest
import torch

from modelreuse.scores import Observation, WrongShape
from modelreuse.scores.chunk import CHUNK_ROWS
from modelreuse.scores.gathering import Gathering


def batch(start, samples, dtype=torch.float32, labelled=True):
    rows = torch.arange(start, start + samples)
    values = torch.stack([rows, rows % 7], dim=1).to(dtype)
    return Observation(values.flip(1), values, rows % 2 if labelled else None, {"layer": values + 1}, keys=rows)


def gathered(*batches):
    """Copies of what chunks hold, as lists, since their room is used again."""
    seen = []

    def see(chunk):
        labels = None if chunk.labels is None else chunk.labels.tolist()
        seen.append((chunk.keys.tolist(), chunk.embedding.tolist(), chunk.channels.tolist(), labels, chunk.batches))

    gathering = Gathering(see)
    for each in batches:
        gathering.add(each)
    gathering.flush()
    gathering.flush()
    return seen


@pytest.mark.parametrize("sizes", [[1], [300] * 20, [5, CHUNK_ROWS, 7], [CHUNK_ROWS + 1, CHUNK_ROWS - 1, 2], [0, 3, 0]])
def test_every_row_is_seen_once_and_in_order(sizes):
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    seen = gathered(*(batch(start, size) for start, size in zip(starts, sizes, strict=True)))
    keys = [key for chunk in seen for key in chunk[0]]

    assert keys == list(range(sum(sizes)))
    for chunk_keys, embedding, channels, labels, _ in seen:
        assert embedding == [[key, key % 7] for key in chunk_keys]
        assert channels == [[key + 1, key % 7 + 1, key, key % 7] for key in chunk_keys]
        assert labels == [key % 2 for key in chunk_keys]
    assert sum(chunk[-1] for chunk in seen) == sum(size > 0 for size in sizes)


def test_small_batches_make_full_chunks():
    assert [len(chunk[0]) for chunk in gathered(*(batch(i * 256, 256) for i in range(20)))] == [2048, 2048, 1024]


def test_labels_of_some_batches_leave_none_to_the_others():
    (chunk,) = gathered(batch(0, 2, labelled=False), batch(2, 2))

    assert chunk[3] == [-1, -1, 0, 1]
    assert gathered(batch(0, 2, labelled=False))[0][3] is None


def test_numbers_of_another_type_are_not_rounded():
    fine = Observation.from_arrays(None, torch.full((2, 2), 1 / 3, dtype=torch.float64))
    coarse = Observation.from_arrays(None, torch.full((2, 2), 1 / 3, dtype=torch.float32))

    assert [chunk[1][0][0] for chunk in gathered(coarse, fine)] == [float(torch.tensor(1 / 3)), 1 / 3]


def test_batches_of_another_model_are_refused():
    other = Observation.from_arrays(None, torch.ones(2, 3))

    with pytest.raises(WrongShape, match="0 classes and embeddings of 3 numbers after 2 and 2"):
        gathered(batch(0, 2), other)
