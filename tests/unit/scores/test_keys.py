import numpy as np
import pytest
import torch

from modelreuse.scores.keys import GROUPS, LONGEST_ROW, groups_of, mixed, order_of, row_keys

ROWS = torch.randn(5000, 30, generator=torch.Generator().manual_seed(0))


def test_a_row_has_the_same_key_in_any_batch():
    together = row_keys([ROWS])
    assert torch.equal(torch.cat([row_keys([ROWS[i : i + 7]]) for i in range(0, 5000, 7)]), together)
    assert torch.equal(row_keys([ROWS[::3]]), together[::3])


def test_different_rows_have_different_keys_and_equal_ones_the_same():
    keys = row_keys([torch.cat([ROWS, ROWS[:10]])])
    assert len(keys.unique()) == 5000
    assert torch.equal(keys[:10], keys[5000:])


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64, torch.int64, torch.int32, torch.uint8, torch.bool])
def test_every_type_of_number_has_keys(dtype):
    rows = (torch.arange(64)[:, None] * torch.tensor([1, 3]) % 64).to(dtype)
    assert len(row_keys([rows]).unique()) == len(torch.unique(rows, dim=0))


def test_all_inputs_of_a_model_count():
    other = torch.arange(5000)
    assert not torch.equal(row_keys([ROWS, other]), row_keys([ROWS]))


def test_long_rows_are_told_apart_by_evenly_spaced_numbers():
    images = torch.randn(50, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert images[0].numel() > LONGEST_ROW
    assert len(row_keys([images]).unique()) == 50


def test_parts_are_of_nearly_equal_size_and_independent_of_the_rank():
    keys = row_keys([ROWS])
    counts = torch.bincount(groups_of(keys), minlength=GROUPS)
    assert len(counts) == GROUPS
    assert 180 < int(counts.min()) < int(counts.max()) < 320
    lowest = order_of(keys).argsort()[:1000]
    assert int(torch.bincount(groups_of(keys[lowest]), minlength=GROUPS).min()) > 20


def test_small_whole_numbers_are_spread_too():
    """Cluster numbers of a caller are small and regular."""
    counts = torch.bincount(groups_of(torch.arange(2000)), minlength=GROUPS)
    assert int(counts.min()) > 60


def test_mixing_is_that_of_splitmix64():
    def plain(x):
        z = (x + 0x9E3779B97F4A7C15) % 2**64
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
        return z ^ (z >> 31)

    values = [0, 1, -1, 2**62, -(2**63), 123456789]
    ours = mixed(torch.tensor(values)).numpy().view(np.uint64)
    assert [int(v) for v in ours] == [plain(v % 2**64) for v in values]
