"""What happens to columns of numbers, and to how often classes come."""

import numpy as np
import pytest

from modelreuse.calibration import mechanisms_for, tables
from modelreuse.calibration.mechanisms import OF_TABLES, SEVERITIES, Mechanism, label_shift
from modelreuse.calibration.samples import Array, Samples

COLUMNS = [each for each in OF_TABLES if each.name != "label-shift"]
EVERY = pytest.mark.parametrize("mechanism", COLUMNS, ids=lambda each: each.name)


def random(seed: int = 3) -> np.random.Generator:
    return np.random.default_rng(seed)


TABLE = (random().normal(size=(200, 12)) * np.arange(1, 13) + 5).astype(np.float32)


def samples(**inputs: Array) -> Samples:
    rows = len(next(iter(inputs.values())))
    return Samples.divided(inputs, "label", np.arange(rows) % 4, seed=0)


@EVERY
def test_the_stronger_the_farther_and_shape_and_type_stay(mechanism: Mechanism) -> None:
    whole = samples(x=TABLE)
    seen = [mechanism.shifted(whole, severity, 0).inputs["x"] for severity in SEVERITIES]
    assert all((each.shape, each.dtype) == (TABLE.shape, TABLE.dtype) for each in seen)
    spread = TABLE.std(axis=0)
    changes = [float((np.abs(each - TABLE) / spread).mean()) for each in seen]
    assert 0 < changes[0] < changes[1] < changes[2]


@EVERY
def test_the_same_seed_draws_the_same(mechanism: Mechanism) -> None:
    first, second = (mechanism.shifted(samples(x=TABLE), 2, 1).inputs["x"] for _ in range(2))
    assert np.array_equal(first, second)


def test_noise_is_in_proportion_to_each_column() -> None:
    noisy = tables.through(tables.noise, TABLE, 0.5, random())
    assert (noisy - TABLE).std(axis=0) / TABLE.std(axis=0) == pytest.approx(0.5, rel=0.2)


def test_a_gain_multiplies_columns_and_an_offset_moves_them_up_or_down() -> None:
    gained = tables.through(tables.gain, TABLE, 1.0, random()) / TABLE
    assert {round(float(each), 3) for each in gained.ravel()} == {0.5, 2.0}
    assert (gained.round(3) == gained[:1].round(3)).all()
    moved = (tables.through(tables.offset, TABLE, 2.0, random()) - TABLE) / TABLE.std(axis=0)
    assert {round(float(each), 2) for each in moved.ravel()} == {-2.0, 2.0}


def test_dropped_inputs_show_their_mean() -> None:
    after = tables.through(tables.dropped_inputs, TABLE, 0.25, random())
    gone = [column for column in range(12) if len(np.unique(after[:, column])) == 1]
    assert len(gone) == 3
    assert after[0, gone] == pytest.approx(TABLE.mean(axis=0)[gone], rel=1e-5)
    kept = [column for column in range(12) if column not in gone]
    assert np.array_equal(after[:, kept], TABLE[:, kept])


def test_a_series_is_shifted_by_column_and_a_single_number_is_one() -> None:
    series = random().normal(size=(50, 3, 90)).astype(np.float32)
    moved = tables.through(tables.offset, series, 1.0, random()) - series
    assert moved.std(axis=2) == pytest.approx(0, abs=1e-5)
    assert tables.through(tables.offset, TABLE[:, 0], 1.0, random()).shape == (200,)


def test_whole_numbers_are_left_alone_beside_columns() -> None:
    codes = np.arange(200) % 7
    for mechanism in COLUMNS:
        assert np.array_equal(mechanism.shifted(samples(x=TABLE, code=codes), 3, 0).inputs["code"], codes)


def test_which_mechanisms_there_are_follows_from_the_inputs() -> None:
    pictures, codes = np.zeros((200, 9, 9), np.uint8), np.arange(200)
    assert set(mechanisms_for(samples(x=TABLE))) == {"noise", "gain", "offset", "dropped-inputs", "label-shift"}
    assert len(mechanisms_for(samples(a=pictures, b=TABLE))) == 8
    assert list(mechanisms_for(samples(x=codes))) == ["label-shift"]


def shares(labels: Array) -> dict[int, float]:
    return {int(each): float((labels == each).mean()) for each in np.unique(labels)}


def test_a_label_shift_makes_half_of_the_classes_rare_in_both_parts() -> None:
    whole = samples(x=np.arange(400.0))
    after = label_shift(whole, 0.75, random())
    for part in (after.learning, after.evaluation):
        found = shares(part["label"])
        rare = {each for each, share in found.items() if share < 0.15}
        assert len(rare) == 2
        assert all(share == pytest.approx(0.1 if each in rare else 0.4, abs=0.02) for each, share in found.items())
    assert {each for each, share in shares(after.learning["label"]).items() if share < 0.15} == {
        each for each, share in shares(after.evaluation["label"]).items() if share < 0.15
    }


def test_a_label_shift_keeps_numbers_pairs_and_parts() -> None:
    whole = samples(x=np.arange(400.0))
    label_of = dict(zip(whole.inputs["x"], whole.labels, strict=True))
    for severity in SEVERITIES:
        after = mechanisms_for(whole)["label-shift"].shifted(whole, severity, 0)
        assert (after.to_learn, after.to_evaluate) == (whole.to_learn, whole.to_evaluate)
        assert all(label_of[x] == label for x, label in zip(after.inputs["x"], after.labels, strict=True))
        assert set(after.learning["x"]) <= set(whole.learning["x"])
        assert set(after.evaluation["x"]) <= set(whole.evaluation["x"])


def test_the_stronger_a_label_shift_the_rarer_the_rare() -> None:
    whole = samples(x=np.arange(400.0))
    shift = mechanisms_for(whole)["label-shift"]
    least = [min(shares(shift.shifted(whole, severity, 0).labels).values()) for severity in SEVERITIES]
    assert 0.25 > least[0] > least[1] > least[2] > 0


def test_of_each_class_a_quarter_is_held_out_and_what_has_no_label_is_nowhere() -> None:
    labels = np.array([0] * 80 + [1] * 40 + [-1] * 30)
    divided = Samples.divided({"x": np.arange(150.0)}, "y", labels, seed=5)
    assert (len(divided.labels), divided.to_evaluate) == (120, 30)
    assert shares(divided.evaluation["y"]) == pytest.approx({0: 2 / 3, 1: 1 / 3}, abs=0.04)
    assert not set(divided.learning["x"]) & set(divided.evaluation["x"])
    assert max(divided.inputs["x"]) < 120


def test_another_seed_divides_otherwise() -> None:
    labels = np.zeros(100, np.int64)
    first, second = (Samples.divided({"x": np.arange(100)}, "y", labels, seed=seed) for seed in (0, 1))
    assert not np.array_equal(first.held_out, second.held_out)
