"""Few looks stand for many: the ends, and even ratios between them."""

from hypothesis import given
from hypothesis import strategies as st

from modelreuse.api.looks import spread


def test_few_are_kept_as_they_are() -> None:
    assert spread([5, 10, 700], 3) == [5, 10, 700]
    assert spread([], 3) == []


def test_many_are_kept_at_even_ratios() -> None:
    assert spread(range(5, 641, 5), 8) == [5, 10, 20, 40, 80, 160, 320, 640]


@given(st.sets(st.integers(1, 10_000_000), min_size=2), st.integers(2, 40))
def test_kept_are_some_of_them_in_order_the_ends_among_them(steps: set[int], most: int) -> None:
    given_ = sorted(steps)
    kept = spread(given_, most)
    assert kept == sorted({*kept} & steps)
    assert len(kept) <= most
    assert (kept[0], kept[-1]) == (given_[0], given_[-1])
