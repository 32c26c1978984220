import pytest

from modelreuse.scores import DataSummary, Evidence, audit_sentence, audit_size, audited, evidence_of


@pytest.mark.parametrize(
    ("samples", "labelled", "tier"),
    [
        (1000, 0, "L0"), (1000, 49, "L0"), (1000, 50, "L1"), (1000, 200, "L1"), (1000, 500, "L1"),
        (150, 150, "L1"), (200, 200, "L2"), (1000, 960, "L2"), (1000, 1000, "L2"),
    ],
)  # fmt: skip
def test_the_tier_follows_from_the_labels(samples, labelled, tier):
    assert evidence_of(DataSummary(samples, labelled, 1)) == tier


def test_a_pilot_needs_labels_too():
    assert evidence_of(DataSummary(1000, 1000, 1), pilot=True) is Evidence.PILOT
    assert evidence_of(DataSummary(1000, 0, 1), pilot=True) is Evidence.NO_LABELS


def test_every_tier_says_what_it_means():
    assert all(tier.means for tier in Evidence)


def test_the_interval_is_wilsons():
    interval = audited(10, 100)
    assert (interval.low, interval.high) == (pytest.approx(0.0552, abs=1e-4), pytest.approx(0.1744, abs=1e-4))
    assert audited(0, 50).low == 0
    assert audited(0, 50).high == pytest.approx(0.0714, abs=1e-4)


def test_a_clear_case_needs_the_smallest_audit_and_a_close_one_more():
    assert audit_size(0.4, 0.1) == 50
    assert audit_size(0.14, 0.1) > 150
    assert audit_size(0.1, 0.1) == 10_000
    size = audit_size(0.15, 0.1)
    assert audited(round(0.15 * size), size).low > 0.1


def test_the_sentence_names_the_number_of_labels():
    assert audit_sentence(0.4, 0.1).startswith("labels on 50 random new samples would settle it")
