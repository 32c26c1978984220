"""The design: balanced in every pair of factors, and not confounded where it matters."""

import itertools
from collections import Counter
from dataclasses import fields, replace

import pytest

from study.grid import REPEATED, SEEDS, Arm, Setting, main_design, repeated, settings, slice_of
from study.shifts import GROUPS, LABEL_SHIFT, MECHANISM_GROUPS, NEW_TASK, SHIFTS
from study.variants import VARIANTS

FACTORS = [field.name for field in fields(Setting) if field.name != "repeat"]


def levels(factors: tuple[str, ...]) -> Counter[tuple[object, ...]]:
    return Counter(tuple(getattr(setting, factor) for factor in factors) for setting in main_design())


@pytest.mark.parametrize("factors", list(itertools.combinations(FACTORS, 2)), ids="-".join)
def test_every_pair_of_levels_occurs_equally_often(factors: tuple[str, ...]) -> None:
    found = levels(factors)
    possible = len(levels(factors[:1])) * len(levels(factors[1:]))
    assert len(found) == possible
    assert set(found.values()) == {864 // possible}


@pytest.mark.parametrize("third", ["seed", "target", "sample_level"])
def test_no_factor_is_confounded_with_shift_and_data_set(third: str) -> None:
    assert len(levels(("data_set", "shift", third))) == 18 * 3 * 3


def test_names_are_unique_and_runs_are_enough() -> None:
    names = [setting.run(arm) for setting in settings() for arm in Arm]
    assert len(set(names)) == len(names) == (864 + REPEATED) * len(Arm) >= 1500
    assert len({setting.name for setting in settings()}) == 864


def test_the_issue_s_factors_are_all_there() -> None:
    mechanisms = [shift for shift in SHIFTS.values() if shift.group in MECHANISM_GROUPS]
    assert len(mechanisms) == 14
    assert len(MECHANISM_GROUPS) == 6
    assert {shift.group for shift in SHIFTS.values()} == set(GROUPS)
    assert {LABEL_SHIFT, NEW_TASK} < set(GROUPS)
    assert len(VARIANTS) >= 8
    assert len(levels(("severity",))) == 4
    assert len(levels(("seed",))) == SEEDS == 3


def test_every_recipe_trains_more_than_one_architecture() -> None:
    pairs = {(variant.recipe.hash, variant.architecture) for variant in VARIANTS.values()}
    assert all(count >= 2 for count in Counter(recipe for recipe, _ in pairs).values())


def test_recipes_differ_in_their_hash_by_more_than_their_name() -> None:
    recipes = {variant.recipe for variant in VARIANTS.values()}
    assert len({recipe.hash for recipe in recipes}) == len(recipes) == 4
    one = next(iter(recipes))
    assert replace(one, name="other").hash == one.hash
    assert replace(one, learning_rate=0.5).hash != one.hash


def test_repeats_are_spread_evenly() -> None:
    known = {setting.name for setting in main_design()}
    assert {setting.name for setting in repeated()} <= known
    assert {setting.repeat for setting in repeated()} == {1}
    assert set(Counter(setting.shift for setting in repeated()).values()) == {REPEATED // 18}
    for factor, count in (("variant", 8), ("severity", 4), ("seed", 3), ("data_set", 3), ("target", 3)):
        found = Counter(getattr(setting, factor) for setting in repeated())
        assert max(found.values()) - min(found.values()) <= 0.1 * REPEATED / count


def test_slices_are_disjoint_and_complete() -> None:
    whole = settings()
    parts = [slice_of(whole, number, 5) for number in range(1, 6)]
    assert sorted(itertools.chain(*parts)) == sorted(whole)
    assert sum(map(len, parts)) == len(whole)


@pytest.mark.parametrize(("number", "count"), [(0, 2), (3, 2), (1, 0)])
def test_an_impossible_slice_is_refused(number: int, count: int) -> None:
    with pytest.raises(ValueError, match=f"slice {number}/{count}"):
        slice_of(settings(), number, count)
