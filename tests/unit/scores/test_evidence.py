import pytest

from modelreuse.scores import DataSummary, Evidence, evidence_of


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
