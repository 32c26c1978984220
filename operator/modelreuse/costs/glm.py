"""Generalised linear models with normal priors: the mode by Newton's method, around it Laplace's approximation.

    eta = X b,  b_j ~ N(0, variance of j's block)

A block's variance is learnt by expectation-maximisation from the posterior of its columns, held near its start by
PRIOR_COLUMNS imaginary ones: with few levels of a group nobody can tell how much such groups differ.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from modelreuse.costs import student
from modelreuse.costs.student import Array

PRIOR_COLUMNS = 4.0
LEARNING_ROUNDS = 4
NEWTON_STEPS = 30
HALVINGS = 30
TOLERANCE = 1e-6
LEAST_CURVATURE = 0.05
"""Of one observation, over sigma squared: keeps Newton's steps uphill where a heavy tail is not concave."""
LEAST_MASS = 1e-12
SIGMAS = np.exp(np.linspace(np.log(0.05), np.log(3.0), 60))
"""Spreads of log steps that are tried: from a twentieth to a factor of twenty."""
QUADRATURE_POINTS = 7
USUAL_SIGMA, SIGMA_SPREAD = 0.5, 1.0
"""Prior of log sigma: normal around log(USUAL_SIGMA)."""
_GROUPS = 3
"""The block from which on columns are levels of a group; see `Design.blocks`."""

Derivatives = Callable[[Array], tuple[float, Array, Array]]
"""From eta (n,) to the log likelihood, its slope (n,) and the negative of its curvature (n,), positive."""


@dataclass(frozen=True)
class Posterior:
    """mode: (p,). covariance: (p, p), Laplace's. variances: of each block's prior."""

    mode: Array
    covariance: Array
    variances: Array

    def predict(self, x: Array, unseen: Array) -> tuple[Array, Array]:
        """(n,) mean and (n,) variance of eta for rows x (n, p); unseen: as `Design.unseen`."""
        spread = np.einsum("ij,ij->i", x @ self.covariance, x) + unseen @ self.variances[_GROUPS:]
        return x @ self.mode, spread


def sigmoid(eta: Array) -> Array:
    """1 / (1 + exp(-eta)), without overflow."""
    found: Array = 0.5 * (1 + np.tanh(eta / 2))
    return found


def logistic(happened: Array, offset: Array) -> Derivatives:
    """The likelihood of events. happened: (n,) 0 or 1; offset: (n,) added to eta."""
    sign = np.where(happened > 0, -1.0, 1.0)

    def derivatives(eta: Array) -> tuple[float, Array, Array]:
        eta = eta + offset
        p = sigmoid(eta)
        return -float(np.logaddexp(0, sign * eta).sum()), happened - p, np.maximum(p * (1 - p), 1e-6)

    return derivatives


def interval_censored(low: Array, high: Array, sigma: float) -> Derivatives:
    """The likelihood of values of which only low < y <= high is known, (n,); Student's t around eta, of scale sigma."""

    def derivatives(eta: Array) -> tuple[float, Array, Array]:
        a, b = np.maximum((low - eta) / sigma, -1e100), (high - eta) / sigma
        mass = _mass(a, b)
        fa, fb = student.density(a), student.density(b)
        slope = (fa - fb) / (sigma * mass)
        # The density's own slope is -1.25 t / (1 + t^2 / 4) times itself.
        da, db = (-1.25 * t / (1 + t * t / 4) * f for t, f in ((a, fa), (b, fb)))
        curvature = slope**2 - (db - da) / (sigma**2 * mass)
        return float(np.log(mass).sum()), slope, np.maximum(curvature, LEAST_CURVATURE / sigma**2)

    return derivatives


def fit(
    x: Array, derivatives: Derivatives, blocks: Sequence[int], variances: Array, start: Array | None = None
) -> Posterior:
    """The posterior under these prior variances. x: (n, p), n may be 0; blocks: columns of each."""
    precision = np.repeat(1 / variances, blocks)
    mode, covariance = _newton(x, derivatives, precision, np.zeros(x.shape[1]) if start is None else start)
    return Posterior(mode, covariance, variances)


def learn(x: Array, derivatives: Derivatives, blocks: Sequence[int], variances: Array) -> Posterior:
    """The posterior under prior variances that are learnt, `variances` being where they start."""
    found = fit(x, derivatives, blocks, variances)
    for _ in range(LEARNING_ROUNDS):
        found = fit(x, derivatives, blocks, _learnt(found, blocks, variances), found.mode)
    return found


def learn_interval_censored(
    x: Array, low: Array, high: Array, blocks: Sequence[int], variances: Array
) -> tuple[Posterior, float]:
    """The same for `interval_censored`, and its sigma, learnt too."""
    sigma = USUAL_SIGMA
    found = fit(x, interval_censored(low, high, sigma), blocks, variances)
    for _ in range(LEARNING_ROUNDS):
        sigma = _best_sigma(x @ found.mode, np.einsum("ij,ij->i", x @ found.covariance, x), low, high)
        learnt = _learnt(found, blocks, variances)
        found = fit(x, interval_censored(low, high, sigma), blocks, learnt, found.mode)
    return found, sigma


def _mass(a: Array, b: Array) -> Array:
    """P(a < T <= b), without cancellation in the upper tail."""
    upper = a > 0
    mass = student.below(np.where(upper, -a, b)) - student.below(np.where(upper, -b, a))
    found: Array = np.maximum(mass, LEAST_MASS)
    return found


def _best_sigma(eta: Array, spread: Array, low: Array, high: Array) -> float:
    """Where the expected log posterior is largest, eta being normal of variance `spread`, (n,).

    At the mode alone, columns that follow the noise of a few cases would pass for precision.
    """
    at, weights = np.polynomial.hermite_e.hermegauss(QUADRATURE_POINTS)
    etas = eta + np.sqrt(spread) * at[:, None]
    a, b = ((each - etas) / SIGMAS[:, None, None] for each in (low, high))
    expected = np.einsum("q,sqn->s", weights / weights.sum(), np.log(_mass(a, b)))
    prior = -(((np.log(SIGMAS) - np.log(USUAL_SIGMA)) / SIGMA_SPREAD) ** 2) / 2
    return float(SIGMAS[int(np.argmax(expected + prior))])


def _learnt(posterior: Posterior, blocks: Sequence[int], start: Array) -> Array:
    """Of each block: the mean square of its columns, posterior spread included. The intercept's prior stays."""
    squares = posterior.mode**2 + np.diag(posterior.covariance)
    ends = np.cumsum(blocks)
    sums = np.array([squares[end - size : end].sum() for size, end in zip(blocks, ends, strict=True)])
    learnt = (sums + PRIOR_COLUMNS * start) / (np.array(blocks) + PRIOR_COLUMNS)
    return np.concatenate([start[:1], learnt[1:]])


def _newton(x: Array, derivatives: Derivatives, precision: Array, mode: Array) -> tuple[Array, Array]:
    """The posterior's mode and the inverse of its negative curvature there."""

    def objective(b: Array) -> tuple[float, Array, Array]:
        value, slope, curvature = derivatives(x @ b)
        return value - float(precision @ (b * b)) / 2, slope, curvature

    value, slope, curvature = objective(mode)
    for _ in range(NEWTON_STEPS):
        step = np.linalg.solve((x.T * curvature) @ x + np.diag(precision), x.T @ slope - precision * mode)
        for _ in range(HALVINGS):
            tried = objective(mode + step)
            if tried[0] >= value:
                break
            step = step / 2
        else:
            break
        mode, gain = mode + step, tried[0] - value
        value, slope, curvature = tried
        if gain < TOLERANCE:
            break
    return mode, np.asarray(np.linalg.inv((x.T * curvature) @ x + np.diag(precision)), dtype=np.float64)
