"""`make bench-prediction`: how good predictions are on retrainings of shifts and seeds that they were not fitted on.

Development's records, cross-validated; the study's held-out side too, from the day on which split.yaml opens it. Prints
a table and writes build/bench/prediction.json.
"""

import datetime
import json
import os
import platform
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.prediction import deciding, figures, other_machines, probing
from bench.prediction.judging import Judged, Round, judged
from bench.prediction.study_cases import TIERS
from study import records, split
from study.records import HeldOutRowsAreClosedError, Record
from study.report import repeat_factors
from study.shifts import SEVERITIES

BUILD = Path(__file__).parents[3] / "build/bench"
BOUNDS = {
    "l2_median_factor": ("<=", 2.0),
    "l2_c_index": (">=", 0.85),
    "l2_reach_auc": (">=", 0.85),
    "l0_reach_auc": (">=", 0.75),
    "l3_median_factor": ("<=", 1.6),
    "seen_group_median_factor": ("<=", 1.5),
    "vs_best_baseline_abs_log_error_ratio": ("<=", 0.85),
    "coverage_80_low": ("<=", 0.80),
    "coverage_80_high": (">=", 0.80),
    "interval_score_vs_baseline_ratio": ("<=", 0.9),
    "risk_coverage_60": ("<=", 0.85),
    "decision_cost_regret": ("<=", 0.25),
    "wrong_action_rate": ("<=", 0.25),
    "quality_mae_points_ratio": ("<=", 0.75),
    "cost_per_step_error_median": ("<=", 0.15),
}
"""What is not listed is printed beside them."""
Figures = dict[str, float]


def unseen_rounds(known: list[Record]) -> list[Round]:
    """A whole group of shifts and a whole seed are tested; what shares neither is fitted on."""
    return [
        ([one for one in known if fold.fits(one.row)], [one for one in known if fold.tests(one.row)])
        for fold in records.folds()
    ]


def seen_rounds(known: list[Record]) -> list[Round]:
    """A whole severity and a whole seed are tested: the shifts are known, at other severities."""
    return [
        (
            [one for one in known if one.row.severity != severity and one.row.seed != seed],
            [one for one in known if one.row.severity == severity and one.row.seed == seed],
        )
        for severity in range(SEVERITIES)
        for seed in split.frozen().development_seeds
    ]


def of_tier(every: list[Judged]) -> Figures:
    """The figures that every tier has."""
    reached = figures.later(every)
    ratio, _ = figures.error_over_best_baseline(reached)
    share, low, high = figures.coverage([one for one in every if one.case.high])
    started = [one for one in every if one.case.high != 0]
    made = deciding.decisions(every)
    return {
        "median_factor": figures.median_factor(reached),
        "c_index": figures.c_index(every),
        "reach_auc": figures.reach_auc(every),
        "vs_best_baseline_abs_log_error_ratio": ratio,
        "coverage_80": share,
        "coverage_80_low": low,
        "coverage_80_high": high,
        "coverage_80_of_all_started": figures.coverage(started)[0],
        "interval_score_vs_baseline_ratio": figures.interval_score_ratio(started),
        "risk_coverage_60": figures.risk_coverage(started, 0.6),
        "risk_coverage_60_by_shown_width": figures.risk_coverage(started, 0.6, figures.width_within_the_cap),
        "decision_cost_regret": deciding.regret(made),
        "wrong_action_rate": deciding.wrong_rate(made),
        "quality_mae_points": figures.quality_mae_points(every),
        "quality_mae_points_ratio": figures.quality_mae_ratio(every),
        "quality_coverage_80": figures.quality_coverage(every),
        "abstained": sum(one.abstained is not None for one in every) / len(every),
    }


def more_of_tier(every: list[Judged]) -> dict[str, object]:
    """What explains them."""
    reached = figures.later(every)
    outer = [figures.is_covered(one, one.guess.low_90, one.guess.high_90) for one in every if one.case.high]
    made = deciding.decisions(every)
    return {
        "runs": len(every),
        "reached later": len(reached),
        "mean abs log error": figures.error_over_best_baseline(reached)[1],
        "coverage at 90 %": float(np.mean(outer)),
        "median factor by group": _by(reached, lambda one: one.record.row.group),
        "median factor by data set": _by(reached, lambda one: one.record.row.data_set),
        "median factor by seed": _by(reached, lambda one: str(one.record.row.seed)),
        "median factor by arm": _by(reached, lambda one: str(one.record.row.arm)),
        "decisions": {f"{a} for {b}": n for (a, b), n in Counter((d.recommended, d.best) for d in made).most_common()},
        "why abstained": dict(Counter(re.sub(r"[\d.>]+", "#", one.abstained) for one in every if one.abstained)),
        "methods": dict(Counter(one.method for one in every)),
    }


def _by(reached: list[Judged], kind: Callable[[Judged], str]) -> Figures:
    """The median factor of each kind."""
    kinds = sorted({kind(one) for one in reached})
    return {each: figures.median_factor([one for one in reached if kind(one) == each]) for each in kinds}


def measured(unseen: list[Round], seen: list[Round]) -> tuple[Figures, dict[str, object]]:
    """All metrics of one side of the split, and what explains them."""
    tiers, detail = {}, {}
    by_tier = {}
    for tier in TIERS:
        by_tier[tier] = judged(unseen, tier)
        print(f"{tier}: {len(by_tier[tier])} retrainings judged", file=sys.stderr, flush=True)
        tiers[tier], detail[tier] = of_tier(by_tier[tier]), more_of_tier(by_tier[tier])
    known = judged(seen, "L2")
    after_pilot = [one for one in figures.later(by_tier["L3"]) if not figures.pilot_is_over(one)]
    metrics = {
        "l2_median_factor": tiers["L2"]["median_factor"],
        "l2_c_index": tiers["L2"]["c_index"],
        "l2_reach_auc": tiers["L2"]["reach_auc"],
        "l0_reach_auc": tiers["L0"]["reach_auc"],
        "l3_median_factor": figures.median_factor(after_pilot),
        **{name: tiers["L2"][name] for name in BOUNDS if name in tiers["L2"]},
        "coverage_80": tiers["L2"]["coverage_80"],
        "quality_mae_points": tiers["L2"]["quality_mae_points"],
        "risk_coverage_60_by_shown_width": tiers["L2"]["risk_coverage_60_by_shown_width"],
    }
    if known:
        metrics["seen_group_median_factor"] = figures.median_factor(figures.later(known))
        detail["seen groups"] = of_tier(known)
    return metrics, {"tiers": tiers, **detail}


def main() -> int:
    """0 all bounds met, 1 not."""
    start = time.monotonic()
    known = records.development()
    if not known:
        print("there are no records: run `make study` and `make study-scores` first")
        return 1
    metrics, detail = measured(unseen_rounds(known), seen_rounds(known))
    factors = repeat_factors([one.row for one in known])
    if factors:
        metrics["seed_noise_factor_median"] = float(np.median(factors))
    errors = probing.errors()
    metrics["cost_per_step_error_median"] = float(np.median(list(errors.values())))
    detail["cost per step, error"] = errors
    elsewhere = other_machines.factors()
    metrics["other_machine_factor_median"] = float(np.median(list(elsewhere.values())))
    metrics["other_machine_factor_max"] = max(elsewhere.values())
    detail["step by roofline, factor"] = elsewhere
    document = {
        "name": "prediction",
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "numpy": np.__version__},
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }
    missed = _show(metrics, detail)
    try:
        held_out = records.held_out_rows_opened_once()
        judged_once, more = measured([(known, held_out)], [])
        print("\nthe held-out side, opened once:")
        _show(judged_once, more)
        metrics |= {f"held_out_{name}": value for name, value in judged_once.items()}
        detail["held-out"] = more
    except HeldOutRowsAreClosedError as closed:
        print(f"held-out: {closed}")
    detail["seconds"] = time.monotonic() - start
    detail["records"] = len(known)
    BUILD.mkdir(parents=True, exist_ok=True)
    (BUILD / "prediction.json").write_text(
        json.dumps(document | {"metrics": metrics, "detail": detail}, indent=1) + "\n"
    )
    return 1 if missed else 0


def _show(metrics: Figures, detail: dict[str, object]) -> list[str]:
    """Print both tables; the metrics whose bound is missed."""
    tiers = detail["tiers"]
    print(f"{'':40}{''.join(f'{tier:>9}' for tier in tiers)}")
    for name in next(iter(tiers.values())):
        print(f"{name:40}{''.join(f'{figures_[name]:9.3f}' for figures_ in tiers.values())}")
    print()
    missed = []
    for name, value in metrics.items():
        sign, bound = BOUNDS.get(name, ("", None))
        met = bound is None or (value <= bound if sign == "<=" else value >= bound)
        missed += [] if met else [name]
        wanted = "" if bound is None else f"bound {sign} {bound:<6g} {'' if met else 'MISSED'}"
        print(f"{name:40}{value:9.3f}   {wanted}")
    return missed


if __name__ == "__main__":
    sys.exit(main())
