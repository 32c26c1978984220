"""What became of past retrainings like this one, found by trees: how features act together, no regression sees.

Extremely randomised trees (Geurts, Ernst and Wehenkel 2006, Extremely randomized trees), grown on what cases are ranked
by: log steps, one more than the log cap where the target was never met. A leaf remembers what became of its cases
(Meinshausen 2006, Quantile Regression Forests); an outlook is the mean of the leaves that a situation falls into.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modelreuse.costs import glm
from modelreuse.costs.cases import Case, Situation, taught_by
from modelreuse.costs.design import Design, Factor
from modelreuse.costs.outlook import PARTS, Outlook
from modelreuse.costs.student import VARIANCE, Array

Index = NDArray[np.int64]

TREES = 50
LEAST_LEAF = 5
"""Cases of which a leaf says something."""
LEAST_SHARE = 1e-6
LEAST_SCALE = 0.1
"""Of log steps: equal steps of a few cases are no certainty."""
USUAL = 0.1
"""How many usual cases each leaf holds beside its own: nothing is certain from five."""
SEED = 2006
FACTORS: tuple[Factor, ...] = (("action",), ("recipe",), ("model",), ("data_set",))


@dataclass(frozen=True)
class Tree:
    """m nodes, the root first. feature, threshold: (m,) of the question "is it less?". left: (m,) the node for yes,
    followed by that for no; itself in a leaf. told: (m, 5) means over a node's cases, see `_told`.
    """

    feature: Index
    threshold: Array
    left: Index
    told: Array

    def leaf_of(self, x: Array) -> Index:
        """(n,) node in which each row of x (n, p) ends."""
        at, rows = np.zeros(len(x), dtype=np.int64), np.arange(len(x))
        while (inner := self.left[at] != at).any():
            no = x[rows, self.feature[at]] >= self.threshold[at]
            at = np.where(inner, self.left[at] + no, at)
        return at


@dataclass(frozen=True)
class Forest:
    """Trees on the columns of a design. largest_cap: logarithm; beyond it no record tells."""

    design: Design
    trees: tuple[Tree, ...]
    largest_cap: float

    @classmethod
    def learnt(cls, cases: Sequence[Case], features: Sequence[str]) -> "Forest":
        """Grown on at least one case."""
        design = Design.of([case.situation for case in taught_by(cases)], features, FACTORS)
        return cls(replace(design, actions=()), (), 0.0).refitted(cases)

    def refitted(self, cases: Sequence[Case]) -> "Forest":
        """Of the same columns, grown on other cases."""
        every = taught_by(cases)
        x = self.design.matrix([case.situation for case in every])
        burden, told = np.array([_burden(case) for case in every]), np.array([_told(case) for case in every])
        random = np.random.default_rng(SEED)
        trees = tuple(_grown(x, burden, told, random) for _ in range(TREES))
        return Forest(self.design, trees, float(told[:, -1].max()))

    def outlook(self, situations: Sequence[Situation], caps: Sequence[int]) -> Outlook:
        """What may come out in these situations within these caps."""
        return self.outlook_at(self.design.matrix(situations), self.design.unseen(situations), caps)

    def outlook_at(self, x: Array, unseen: Array, caps: Sequence[int]) -> Outlook:
        """The same for rows of the design (n, p); that a level was never seen makes no difference to trees."""
        del unseen
        log_cap = np.log(np.asarray(caps, dtype=np.float64))
        met, later, logs, squares, known_cap = np.mean([tree.told[tree.leaf_of(x)] for tree in self.trees], axis=0).T
        longer = np.minimum(log_cap, self.largest_cap) - known_cap
        later, never = np.maximum(later, LEAST_SHARE), np.maximum(1 - met - later, LEAST_SHARE)
        centre = logs / later
        return Outlook(
            met=met[None],
            # The odds grow in proportion to the cap, as in the hurdle.
            reaches=glm.sigmoid(np.log(later / never) + longer)[None],
            centre=centre[None],
            scale=np.sqrt(np.maximum((squares / later - centre**2) / VARIANCE, LEAST_SCALE**2))[None],
            log_cap=log_cap,
            weights=np.ones((len(PARTS), 1)),
        )


def _burden(case: Case) -> float:
    """Log steps of a case; a target that was never met counts as e caps, one that was met already as a single step."""
    if case.high is None:
        return math.log(case.cap) + 1
    return _log_steps(case) if case.high else 0.0


def _log_steps(case: Case) -> float:
    return math.log((case.low + (case.high or case.low)) / 2)


def _told(case: Case) -> tuple[float, ...]:
    """1 for met already, 1 for reached later, log steps of the latter and their square, log cap."""
    later = bool(case.high)
    steps = _log_steps(case) if later else 0.0
    return float(case.high == 0), float(later), steps, steps**2, math.log(case.cap)


def _grown(x: Array, burden: Array, told: Array, random: np.random.Generator) -> Tree:
    """One tree, level by level: every node asks the best of one random question about each column.

    x: (n, p); burden: (n,), whose squared error the questions lower; told: (n, 5).
    """
    rows, sizes, first = np.arange(len(x)), np.array([len(x)]), 0
    feature, threshold, left, known = [], [], [], []
    usual = told.mean(axis=0)
    while len(sizes):
        nodes, starts = len(sizes), np.cumsum(sizes) - sizes
        node_of = np.repeat(np.arange(nodes), sizes)
        values, y = x[rows], burden[rows]
        low, high = (edge.reduceat(values, starts) for edge in (np.minimum, np.maximum))
        asked = low + (high - low) * random.random(low.shape)
        yes = values < asked[node_of]
        count, total = (np.add.reduceat(part, starts) for part in (yes.astype(np.float64), yes * y[:, None]))
        every = np.add.reduceat(y, starts)
        rest, other = sizes[:, None] - count, every[:, None] - total
        gain = total**2 / np.maximum(count, 1) + other**2 / np.maximum(rest, 1) - (every**2 / sizes)[:, None]
        gain[np.minimum(count, rest) < LEAST_LEAF] = -1
        best = gain.argmax(axis=1)
        inner = gain[np.arange(nodes), best] > 0
        feature.append(best)
        threshold.append(asked[np.arange(nodes), best])
        after = first + nodes
        left.append(np.where(inner, after + 2 * (np.cumsum(inner) - 1), first + np.arange(nodes)))
        known.append((np.add.reduceat(told[rows], starts) + USUAL * usual) / (sizes + USUAL)[:, None])
        goes_on = inner[node_of]
        says_no = ~yes[np.arange(len(rows)), best[node_of]]
        child = 2 * (np.cumsum(inner) - 1)[node_of[goes_on]] + says_no[goes_on]
        rows = rows[goes_on][np.argsort(child, kind="stable")]
        sizes, first = np.bincount(child, minlength=2 * int(inner.sum())), after
    return Tree(*(np.concatenate(parts) for parts in (feature, threshold, left, known)))
