"""What became of past retrainings like this one, found by trees: how features act together, no regression sees.

Extremely randomised trees (Geurts, Ernst and Wehenkel 2006, Extremely randomized trees). Whether a target is met, trees
tell that are grown on what cases are ranked by: log steps, one more than the log cap where it never was. After how many
steps, others tell, grown on the log steps of those that met it: what makes a target attainable is not what makes it
quick. A leaf remembers what became of its cases (Meinshausen 2006, Quantile Regression Forests); an outlook is the mean
of the leaves that a situation falls into.
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
"""Cases of which a leaf says whether targets are met: that is a share."""
LEAST_LEAF_OF_STEPS = 2
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
    followed by that for no; itself in a leaf. told: (m, q) means over a node's cases of what was to be told.
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
    """Trees on the columns of a design. met: which know whether targets are met; steps: after how many; none where no
    case says so. largest_cap: logarithm; beyond it no record tells.
    """

    design: Design
    met: tuple[Tree, ...]
    steps: tuple[Tree, ...]
    largest_cap: float

    @classmethod
    def learnt(cls, cases: Sequence[Case], features: Sequence[str]) -> "Forest":
        """Grown on at least one case."""
        design = Design.of([case.situation for case in taught_by(cases)], features, FACTORS)
        return cls(replace(design, actions=()), (), (), 0.0).refitted(cases)

    def refitted(self, cases: Sequence[Case]) -> "Forest":
        """Of the same columns, grown on other cases."""
        every = taught_by(cases)
        x = self.design.matrix([case.situation for case in every])
        caps = np.log([float(case.cap) for case in every])
        met, later = (np.array(told, dtype=bool) for told in zip(*map(_told, every), strict=True))
        burden = np.array([_burden(case) for case in every])
        steps = burden[later]
        random = np.random.default_rng(SEED)
        became = np.column_stack([met, later, caps])
        return Forest(
            design=self.design,
            met=tuple(_grown(x, burden, became, LEAST_LEAF, random) for _ in range(TREES)),
            steps=tuple(
                _grown(x[later], steps, np.column_stack([steps, steps**2]), LEAST_LEAF_OF_STEPS, random)
                for _ in range(TREES if len(steps) else 0)
            ),
            largest_cap=float(caps.max()),
        )

    def outlook(self, situations: Sequence[Situation], caps: Sequence[int]) -> Outlook:
        """What may come out in these situations within these caps."""
        return self.outlook_at(self.design.matrix(situations), self.design.unseen(situations), caps)

    def outlook_at(self, x: Array, unseen: Array, caps: Sequence[int]) -> Outlook:
        """The same for rows of the design (n, p); that a level was never seen makes no difference to trees."""
        del unseen
        log_cap = np.log(np.asarray(caps, dtype=np.float64))
        met, later, known_cap = _mean_of_leaves(self.met, x).T
        longer = np.minimum(log_cap, self.largest_cap) - known_cap
        later, never = np.maximum(later, LEAST_SHARE), np.maximum(1 - met - later, LEAST_SHARE)
        # Without a case that took steps nobody knows how many it takes.
        centre, squares = _mean_of_leaves(self.steps, x).T if self.steps else (known_cap, known_cap**2 + 1)
        return Outlook(
            met=met[None],
            # The odds grow in proportion to the cap, as in the hurdle.
            reaches=glm.sigmoid(np.log(later / never) + longer)[None],
            centre=centre[None],
            scale=np.sqrt(np.maximum((squares - centre**2) / VARIANCE, LEAST_SCALE**2))[None],
            log_cap=log_cap,
            weights=np.ones((len(PARTS), 1, 1)),
        )


def _mean_of_leaves(trees: Sequence[Tree], x: Array) -> Array:
    found: Array = np.mean([tree.told[tree.leaf_of(x)] for tree in trees], axis=0)
    return found


def _burden(case: Case) -> float:
    """Log steps of a case; a target that was never met counts as e caps, one that was met already as a single step."""
    if case.high is None:
        return math.log(case.cap) + 1
    return _log_steps(case) if case.high else 0.0


def _log_steps(case: Case) -> float:
    return math.log((case.low + (case.high or case.low)) / 2)


def _told(case: Case) -> tuple[bool, bool]:
    """Whether it was met already, and whether it was met later."""
    return case.high == 0, bool(case.high)


def _grown(x: Array, y: Array, told: Array, least: int, random: np.random.Generator) -> Tree:
    """One tree, level by level: every node asks the best of one random question about each column.

    x: (n, p); y: (n,), whose squared error the questions lower; told: (n, q). least: cases of a leaf.
    """
    rows, sizes, first = np.arange(len(x)), np.array([len(x)]), 0
    feature, threshold, left, known = [], [], [], []
    usual = told.mean(axis=0)
    while len(sizes):
        nodes, starts = len(sizes), np.cumsum(sizes) - sizes
        node_of = np.repeat(np.arange(nodes), sizes)
        values, wanted = x[rows], y[rows]
        low, high = (edge.reduceat(values, starts) for edge in (np.minimum, np.maximum))
        asked = low + (high - low) * random.random(low.shape)
        yes = values < asked[node_of]
        count, total = (np.add.reduceat(part, starts) for part in (yes.astype(np.float64), yes * wanted[:, None]))
        every = np.add.reduceat(wanted, starts)
        rest, other = sizes[:, None] - count, every[:, None] - total
        gain = total**2 / np.maximum(count, 1) + other**2 / np.maximum(rest, 1) - (every**2 / sizes)[:, None]
        gain[np.minimum(count, rest) < least] = -1
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
