"""One real retraining, small enough for a unit test: it does what its row says, twice the same."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from study import bases, learning, protocol, retraining
from study.datasets import SOURCES, Part, data_set
from study.features import features, write_features
from study.grid import Arm, Setting, settings
from study.learning import learn
from study.outcome import attainable, steps_to
from study.records import AUDITED, LABELLED, development
from study.replay import chosen, distance, replay
from study.row import COLUMNS, Row
from study.running import perform, run
from study.scene import scene
from study.seeds import torch_random
from study.store import DEVELOPMENT, HELD_OUT, Store
from study.variants import VARIANTS
from unit.study.rows import SPLIT

MEASURED = {"step_seconds", "step_cpu_seconds", "backward_share", "evaluation_cpu_seconds"}
SMALL = Setting("digits", "mlp-small.adam", "gaussian", 1, 0, 0.9, 1)


@pytest.fixture(autouse=True)
def _short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few steps, and no models but this test's own."""
    monkeypatch.setattr(bases, "BASES", tmp_path / "bases")
    monkeypatch.setattr(bases, "BASE_STEPS", 150)
    monkeypatch.setattr(retraining, "EVALUATIONS", 12)
    monkeypatch.setattr(retraining, "CAP", 50)


def rows_of(setting: Setting) -> dict[Arm, Row]:
    return {row.arm: row for row in perform(setting, list(Arm))}


def reproducible(row: Row) -> dict[str, str]:
    return {name: cell for name, cell in row.to_cells().items() if name not in MEASURED}


def test_a_retraining_comes_out_the_same_again() -> None:
    first, second = rows_of(SMALL), rows_of(SMALL)
    assert {arm: reproducible(row) for arm, row in first.items()} == {
        arm: reproducible(row) for arm, row in second.items()
    }


def test_a_model_from_the_cache_is_the_model_that_was_trained() -> None:
    first, second = scene(SMALL), scene(SMALL)
    assert len(list(bases.BASES.iterdir())) == 1
    known = second.model.state_dict()
    assert all(torch.equal(values, known[name]) for name, values in first.model.state_dict().items())


def test_the_arms_share_target_and_data_and_differ_in_what_they_train() -> None:
    rows = rows_of(SMALL)
    assert len({(row.target, row.samples, row.evaluation_samples) for row in rows.values()}) == 1
    tuned, whole, scratch = (rows[arm] for arm in (Arm.FINE_TUNE, Arm.RETRAIN, Arm.FROM_SCRATCH))
    assert tuned.trained_parameters == 32 * 10 + 10
    assert whole.trained_parameters == whole.parameters == scratch.trained_parameters
    assert tuned.initial_quality == whole.initial_quality > scratch.initial_quality


def test_a_repeat_starts_from_the_same_and_learns_from_other_batches() -> None:
    first, second = rows_of(SMALL), rows_of(replace(SMALL, repeat=1))
    for arm in (Arm.FINE_TUNE, Arm.RETRAIN):
        assert first[arm].correct[0] == second[arm].correct[0]
        assert first[arm].correct != second[arm].correct
    assert first[Arm.FROM_SCRATCH].loss_0 != second[Arm.FROM_SCRATCH].loss_0
    assert len({row.setting for row in (*first.values(), *second.values())}) == 1


def test_a_row_s_figures_follow_from_its_curve() -> None:
    row = rows_of(SMALL)[Arm.RETRAIN]
    steps = steps_to(row.correct, row.evaluation_samples, row.target, protocol.SPACING)
    assert (row.steps_low, row.steps_high) == (steps.low, steps.high)
    assert len(row.correct) == 13
    assert row.quality_10 == row.correct[2] / row.evaluation_samples
    assert row.quality_25 == row.correct[5] / row.evaluation_samples
    assert row.attainable_quality == attainable(row.correct) / row.evaluation_samples
    assert row.target == round(0.9 * row.reference_quality, 6)
    assert 0 < row.backward_share < 1


def test_fine_tuning_leaves_everything_else_as_it_was() -> None:
    digits, variant = data_set("digits"), VARIANTS["cnn-bn.adamw-cosine"]
    model = bases.fresh(variant, digits, 0)
    before = {name: values.clone() for name, values in model.state_dict().items()}
    learn(
        model,
        variant.recipe,
        digits.parts[Part.NEW],
        trained=variant.suffix,
        random=torch_random(0),
        horizon=10,
        evaluations=2,
        spacing=5,
        evaluation=digits.parts[Part.EVALUATION],
    )
    changed = {name for name, values in model.state_dict().items() if not torch.equal(values, before[name])}
    assert changed == {"head.weight", "head.bias"}


@pytest.mark.parametrize("variant", list(VARIANTS))
@pytest.mark.parametrize("name", list(SOURCES))
def test_every_variant_takes_every_data_set(name: str, variant: str) -> None:
    data = data_set(name)
    model = bases.fresh(VARIANTS[variant], data, 0)
    assert model(data.parts[Part.NEW].inputs[:3]).shape == (3, data.source.classes)
    for module in VARIANTS[variant].suffix:
        assert any(parameter.numel() for parameter in model.get_submodule(module).parameters())


@pytest.mark.parametrize("name", list(SOURCES))
def test_no_sample_is_in_two_parts(name: str) -> None:
    data = data_set(name)
    whole = SOURCES[name].read()[0].flatten(1)
    there = {values.numpy().tobytes() for values in whole}
    parts = [{values.numpy().tobytes() for values in part.inputs.flatten(1)} for part in data.parts.values()]
    assert all(part <= there for part in parts)
    assert len(set.union(*parts)) == sum(map(len, parts))
    assert sum(map(len, data.parts.values())) == sum(SOURCES[name].sizes.values())


def test_an_audit_sample_is_a_third_within_its_limits() -> None:
    assert [protocol.audit_size(n) for n in (40, 80, 300, 1250)] == [40, 50, 100, 200]


def test_a_model_of_new_classes_has_never_seen_them() -> None:
    seen = scene(replace(SMALL, shift="new-classes", severity=3))
    assert len(seen.reference.labels.unique()) == 4
    assert len(seen.evaluation.labels.unique()) == 10
    assert not set(seen.model(seen.new.inputs).argmax(dim=1).tolist()) - set(seen.reference.labels.tolist())


def test_dead_columns_are_the_same_in_new_and_evaluation_data() -> None:
    seen = scene(replace(SMALL, shift="dead", severity=3))
    new, evaluation = ((part.inputs == 1).all(dim=2).all(dim=0) for part in (seen.new, seen.evaluation))
    assert bool(new.any())
    assert torch.equal(new, evaluation)


def test_noise_is_another_in_new_and_evaluation_data() -> None:
    noisy, clean = (scene(replace(SMALL, shift=name, severity=3)) for name in ("impulse", "permuted-labels"))
    new = (noisy.new.inputs == 1) & (clean.new.inputs < 1)
    evaluation = (noisy.evaluation.inputs == 1) & (clean.evaluation.inputs < 1)
    both = (new[:100] & evaluation[:100]).sum() / (new[:100] | evaluation[:100]).sum()
    assert float(both) < 0.3


def test_a_replay_finds_no_distance_to_its_record(tmp_path: Path) -> None:
    store = Store(tmp_path / "records", SPLIT)
    small = next(s for s in settings() if s.data_set == "digits" and s.variant == "mlp-small.adam")
    run([small], store, _quiet)
    (found,) = replay(store, seed=3, say=_quiet)
    assert (found.quality, found.same_outcome) == (0.0, True)
    assert found.factor in {None, 1.0}


def test_a_replay_refuses_a_record_of_other_definitions(tmp_path: Path) -> None:
    store = Store(tmp_path / "records", SPLIT)
    row = next(perform(SMALL, [Arm.RETRAIN]))
    store.add(replace(row, definition="ffffffff"))
    with pytest.raises(ValueError, match="other definitions"):
        replay(store, seed=0, say=_quiet)


def test_a_distance_says_how_far(tmp_path: Path) -> None:
    row = next(perform(SMALL, [Arm.RETRAIN]))
    moved = replace(row, correct=(row.correct[0] + 4, *row.correct[1:]), steps_low=15, steps_high=20)
    known = replace(row, steps_low=5, steps_high=10)
    found = distance(known, moved)
    assert found.quality == pytest.approx(4 / row.evaluation_samples)
    assert found.factor == pytest.approx(21 / 11)


def test_a_replay_takes_two_in_a_hundred_and_the_same_ones_for_a_seed() -> None:
    names = [f"run {number}" for number in range(1000)]
    assert len(chosen(names, 1)) == 20
    assert chosen(names, 1) == chosen(list(reversed(names)), 1) != chosen(names, 2)


def test_scores_stand_beside_their_runs_and_say_why_one_is_missing(tmp_path: Path) -> None:
    store = Store(tmp_path, replace(SPLIT, data_sets=()))
    run([SMALL], store, _quiet)
    write_features([SMALL], store, _quiet)
    records = development(tmp_path, store.split)
    assert len(records) == len(Arm)
    assert all(record.scores["initial_error"] > 0 for record in records)
    assert not (tmp_path / HELD_OUT).exists()
    assert all(record.labelled["initial_error"] > 0 for record in records)
    assert (tmp_path / DEVELOPMENT / "scores" / "digits.csv").read_text().startswith("setting,findings,")


def test_a_setting_that_only_a_repeat_has_run_has_scores_once(tmp_path: Path) -> None:
    store = Store(tmp_path, replace(SPLIT, data_sets=()))
    write_features([replace(SMALL, repeat=1)], store, _quiet)
    write_features([SMALL, replace(SMALL, repeat=1)], store, _quiet)
    assert len((tmp_path / DEVELOPMENT / "scores" / "digits.csv").read_text().splitlines()) == 2


def test_one_table_sees_labels_of_the_audit_sample_only_the_other_all() -> None:
    seen = scene(SMALL)
    labels = seen.new.labels.clone()
    labels[seen.audit :] = 0
    other = replace(seen, new=replace(seen.new, labels=labels))
    one, two = features(seen), features(other)
    assert one[AUDITED] == two[AUDITED]
    assert one[LABELLED]["initial_error"] != two[LABELLED]["initial_error"]


def test_the_loop_counts_what_it_evaluates() -> None:
    class Fixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bias = nn.Parameter(torch.zeros(10))

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return self.bias.expand(len(inputs), 10)

    part = data_set("digits").parts[Part.EVALUATION]
    assert learning.right_answers(Fixed(), part) == int((part.labels == 0).sum())


def test_columns_are_the_row_s_fields() -> None:
    assert COLUMNS[:6] == ("data_set", "variant", "shift", "severity", "seed", "repeat")


def _quiet(_: str) -> None:
    """Say nothing."""
