"""Who is near the records is told what trees know, who is far what anybody knows."""

import numpy as np
import pytest

from modelreuse.costs.weights import HALFWAY, Weights, to_nearest


def test_the_further_away_the_more_counts_what_is_far() -> None:
    near, far = Weights.only(0, 2).near, Weights.only(1, 2).near
    weights = Weights(near, far).at(np.array([0.0, HALFWAY, 1e6]))
    assert weights.shape == (3, 2, 3)
    assert weights[0, 1] == pytest.approx([0, 0.5, 1])
    assert weights.sum(axis=1) == pytest.approx(1)


def test_one_model_alone_counts_everywhere() -> None:
    assert Weights.only(1, 3).at(np.array([0.3]))[:, :, 0].tolist() == [[0, 1, 0]] * 3


def test_the_nearest_of_the_records_by_hand() -> None:
    records = np.array([[0.0, 0.0], [3.0, 4.0]])
    assert to_nearest(np.array([[1.0, 1.0], [3.0, 2.0]]), records) == pytest.approx([1, 2**0.5])


def test_without_features_all_places_are_the_same() -> None:
    assert to_nearest(np.zeros((2, 0)), np.zeros((5, 0))).tolist() == [0, 0]
