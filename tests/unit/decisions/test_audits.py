"""How surely labels tell an error rate, and how many labels it takes."""

import pytest

from modelreuse.decisions.audits import LARGEST, SMALLEST, audit_sentence, audit_size, audited


@pytest.mark.parametrize(
    ("wrong", "labelled", "low", "high"),
    # Newcombe 1998, Stat. Med. 17:857, table I, method 3 (score without continuity correction).
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_wilsons(wrong: int, labelled: int, low: float, high: float) -> None:
    interval = audited(wrong, labelled)
    assert interval.estimate == wrong / labelled
    assert (interval.low, interval.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_a_clear_case_needs_the_smallest_audit_and_a_close_one_more() -> None:
    assert audit_size(0.4, 0.1) == SMALLEST
    size = audit_size(0.15, 0.1)
    assert size is not None
    assert 120 < size < 160
    assert audited(30, 200).low > 0.1
    assert audited(18, 120).low <= 0.1


def test_rates_that_are_too_near_to_each_other_no_audit_tells_apart() -> None:
    assert audit_size(0.1, 0.1) is None
    assert audit_size(0.1, 0.1001) is None
    assert audited(1000, LARGEST).low <= 0.1001


def test_the_sentence_names_the_labels_the_interval_and_its_formula() -> None:
    assert audit_sentence(0.4, 0.1, 1000) == (
        "labels on 50 random new samples would settle it: were the error 40 %, it would be known to lie in 27.6 % to "
        "53.8 % (95 %, Wilson), against 10 % tolerated"
    )


def test_where_no_sample_of_them_would_do_all_are_to_be_labelled() -> None:
    assert audit_sentence(0.09, 0.1, 800).startswith("labels on all 800 new samples would settle it")
    assert audit_sentence(0.1, 0.1, 10**6).startswith("labels on all 1000000 new samples")


def test_too_few_samples_are_told() -> None:
    assert audit_sentence(0.4, 0.1, 49).startswith("the 49 new samples are too few to settle it: that takes 50 with")
    assert "that takes more than 10000 with labels" in audit_sentence(0.1, 0.1, 199)


def test_samples_that_are_just_enough_are_enough() -> None:
    assert audit_sentence(0.4, 0.1, 50).startswith("labels on 50 random new samples would settle it")
    assert audit_sentence(0.1, 0.1, 200).startswith("labels on all 200 new samples would settle it")
