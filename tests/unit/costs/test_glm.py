"""Generalised linear models: known laws, optimality by differences, priors that hold where there are no data."""

import numpy as np
import pytest

from modelreuse.costs import glm
from modelreuse.costs.student import Array, quantile

BLOCKS = (1, 2, 0)
VARIANCES = np.array([25.0, 1.0, 0.25])


def rows(n: int, seed: int = 1) -> tuple[Array, np.random.Generator]:
    random = np.random.default_rng(seed)
    return np.column_stack([np.ones(n), random.standard_normal((n, 2))]), random


def test_a_logistic_law_is_recovered() -> None:
    x, random = rows(4000)
    happened = (random.random(4000) < glm.sigmoid(x @ np.array([0.5, 1.0, -2.0]))).astype(float)
    found = glm.learn(x, glm.logistic(happened, np.zeros(4000)), BLOCKS, VARIANCES)
    assert found.mode == pytest.approx([0.5, 1.0, -2.0], abs=0.2)


def test_an_offset_is_part_of_the_law() -> None:
    x, random = rows(4000)
    offset = random.standard_normal(4000)
    happened = (random.random(4000) < glm.sigmoid(x @ np.array([0.0, 1.0, 0.0]) + offset)).astype(float)
    assert glm.fit(x, glm.logistic(happened, offset), BLOCKS, VARIANCES).mode == pytest.approx([0, 1, 0], abs=0.15)


@pytest.mark.parametrize("width", [0.02, 0.5, 2.0])
def test_a_law_of_values_seen_as_intervals_is_recovered(width: float) -> None:
    x, random = rows(3000)
    y = x @ np.array([0.3, 1.0, -0.5]) + 0.4 * quantile(random.random(3000))
    low = np.floor(y / width) * width
    found, sigma = glm.learn_interval_censored(x, low, low + width, BLOCKS, VARIANCES)
    assert found.mode == pytest.approx([0.3, 1.0, -0.5], abs=0.06)
    assert sigma == pytest.approx(0.4, rel=0.15)


def test_columns_that_could_follow_every_case_do_not_pass_for_precision() -> None:
    # 60 cases of a spread of 0.6, in three groupings of 20 levels each, none of which means anything.
    random = np.random.default_rng(7)
    n, levels = 60, 20
    groups = [np.eye(levels)[random.permutation(n) % levels] for _ in range(3)]
    x = np.column_stack([np.ones(n), *groups])
    y = 0.6 * quantile(random.random(n))
    blocks, variances = (1, 0, 0, levels, levels, levels), np.array([25.0, 1.0, 0.25, 0.25, 0.25, 0.25])
    _, sigma = glm.learn_interval_censored(x, y - 0.01, y + 0.01, blocks, variances)
    assert sigma == pytest.approx(0.6, rel=0.25)


def test_values_without_a_lower_end_say_that_they_are_low() -> None:
    x = np.ones((50, 1))
    low, high = np.full(50, -np.inf), np.full(50, -2.0)
    found, _ = glm.learn_interval_censored(x, low, high, (1, 0, 0), VARIANCES)
    assert found.mode[0] < -2


def test_the_mode_is_the_best_there_is() -> None:
    x, random = rows(200)
    y = x @ np.array([0.3, 1.0, -0.5]) + quantile(random.random(200))
    law = glm.interval_censored(y - 0.1, y + 0.1, 0.7)

    def objective(b: Array) -> float:
        return law(x @ b)[0] - float((b * b / np.repeat(VARIANCES, BLOCKS)).sum()) / 2

    mode = glm.fit(x, law, BLOCKS, VARIANCES).mode
    for direction in random.standard_normal((20, 3)):
        assert objective(mode + 1e-2 * direction) < objective(mode)


@pytest.mark.parametrize("law", ["logistic", "interval"])
def test_slope_and_curvature_are_those_of_the_likelihood(law: str) -> None:
    eta, step = np.linspace(-2, 2, 9), 1e-5
    if law == "logistic":
        each = [glm.logistic(np.array([1.0]), np.zeros(1))] * 9
    else:
        each = [glm.interval_censored(np.array([-0.2]), np.array([0.3]), 0.5)] * 9
    for one, at in zip(each, eta, strict=True):
        values = [one(np.array([at + shift]))[0] for shift in (-step, 0, step)]
        _, slope, curvature = one(np.array([at]))
        assert slope[0] == pytest.approx((values[2] - values[0]) / (2 * step), abs=1e-5)
        exact = -(values[2] - 2 * values[1] + values[0]) / step**2
        assert curvature[0] == pytest.approx(
            max(exact, glm.LEAST_CURVATURE / 0.25 if law == "interval" else 0), abs=1e-3
        )


def test_without_data_the_prior_is_left() -> None:
    found = glm.fit(np.zeros((0, 3)), glm.logistic(np.zeros(0), np.zeros(0)), BLOCKS, VARIANCES)
    assert found.mode.tolist() == [0, 0, 0]
    assert np.diag(found.covariance) == pytest.approx([25, 1, 1])


def test_perfect_separation_has_a_finite_answer() -> None:
    x = np.column_stack([np.ones(40), np.linspace(-1, 1, 40), np.zeros(40)])
    found = glm.learn(x, glm.logistic((x[:, 1] > 0).astype(float), np.zeros(40)), BLOCKS, VARIANCES)
    assert np.isfinite(found.mode).all()
    assert found.mode[1] > 1


def test_how_much_groups_differ_is_learnt() -> None:
    random = np.random.default_rng(3)
    group = np.repeat(np.arange(40), 10)
    x = np.concatenate([np.ones((400, 1)), np.eye(40)[group]], axis=1)
    spreads = []
    for spread in (0.1, 1.5):
        y = spread * random.standard_normal(40)[group] + 0.2 * random.standard_normal(400)
        found, _ = glm.learn_interval_censored(x, y - 0.01, y + 0.01, (1, 0, 0, 40), np.array([25.0, 1, 0.25, 0.25]))
        spreads.append(float(np.sqrt(found.variances[3])))
    assert spreads[0] < 0.35
    assert spreads[1] == pytest.approx(1.5, rel=0.35)
