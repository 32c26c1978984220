"""Shifts: the same each time, within the sensor's range, stronger with severity, and doing what they say."""

import numpy as np
import pytest
import torch
from torch import Tensor

from study import images, series
from study.datasets import Kind
from study.populations import drawn, population
from study.seeds import torch_random
from study.shifts import LONG_TAIL, MISSING_CLASSES, NEW_CLASSES, PERMUTED_LABELS, SHIFTS

MECHANISMS = [shift for shift in SHIFTS.values() if shift.mechanisms]


def inputs_of(kind: Kind) -> Tensor:
    """Smooth inputs of the kind, 40 of them."""
    random = torch_random("inputs", kind)
    if kind is Kind.SERIES:
        phase = torch.rand((40, 6, 1, 1), generator=random)
        return torch.sin(2 * torch.pi * (torch.linspace(0, 2, 64) + phase))
    centre = 8 + 12 * torch.rand((40, 1, 2), generator=random)
    place = torch.arange(28)
    row = torch.exp(-((place - centre[..., :1]) ** 2) / 18)
    column = torch.exp(-((place - centre[..., 1:]) ** 2) / 18)
    return row[..., :, None] * column[..., None, :]


def seen(name: str, kind: Kind, severity: int) -> Tensor:
    return SHIFTS[name].applied(inputs_of(kind), kind, severity, torch_random("test", name))


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("name", [shift.name for shift in MECHANISMS])
class TestEveryMechanism:
    def test_is_the_same_each_time(self, name: str, kind: Kind) -> None:
        assert torch.equal(seen(name, kind, 2), seen(name, kind, 2))

    def test_keeps_shape_and_type_and_changes_its_inputs_not(self, name: str, kind: Kind) -> None:
        before = inputs_of(kind)
        given = before.clone()
        after = SHIFTS[name].applied(given, kind, 3, torch_random("test", name))
        assert after.shape == before.shape
        assert after.dtype == before.dtype
        assert bool(after.isfinite().all())
        assert torch.equal(given, before)

    def test_moves_inputs_farther_with_each_severity(self, name: str, kind: Kind) -> None:
        if kind is Kind.IMAGE:
            assert all(float(seen(name, kind, level).min()) >= 0 for level in range(4))
            assert all(float(seen(name, kind, level).max()) <= 1 + 1e-6 for level in range(4))
        strengths = SHIFTS[name].strengths[kind]
        assert len(set(strengths)) == 4
        distances = [float((seen(name, kind, level) - inputs_of(kind)).square().mean()) for level in range(4)]
        assert distances[0] > 1e-6
        assert distances[-1] > distances[0]


def test_noise_has_the_size_that_it_says() -> None:
    grey = torch.full((200, 1, 28, 28), 0.5)
    assert float((images.gaussian(grey, 0.1, torch_random(1)) - grey).std()) == pytest.approx(0.1, rel=0.02)
    assert float((images.impulse(grey, 0.3, torch_random(1)) != grey).float().mean()) == pytest.approx(0.3, abs=0.01)


def test_a_blur_keeps_light_inside_and_flat_series_flat() -> None:
    point = torch.zeros((1, 1, 28, 28))
    point[0, 0, 14, 14] = 1.0
    assert float(images.defocus(point, 0.06, torch_random(1)).sum()) == pytest.approx(1.0, abs=1e-3)
    flat = torch.full((1, 6, 1, 64), 2.0)
    assert torch.allclose(series.defocus(flat, 0.1, torch_random(1)), flat, atol=1e-4)


def test_a_quarter_turn_is_a_quarter_turn() -> None:
    before = inputs_of(Kind.IMAGE)
    turned = images.rotation(before, 90, torch_random(1))
    assert torch.allclose(turned, before.rot90(1, (2, 3)), atol=1e-4)
    windows = inputs_of(Kind.SERIES)
    lengths = [part.norm(dim=1) for part in torch.split(series.rotation(windows, 70, torch_random(1)), 3, dim=1)]
    assert torch.allclose(lengths[0], windows[:, :3].norm(dim=1), atol=1e-4)


def test_a_whole_inversion_is_the_negative() -> None:
    assert torch.equal(images.inversion(inputs_of(Kind.IMAGE), 1.0, torch_random(1)), 1 - inputs_of(Kind.IMAGE))
    assert torch.equal(series.inversion(inputs_of(Kind.SERIES), 1.0, torch_random(1)), -inputs_of(Kind.SERIES))


def test_what_is_lost_is_lost_in_the_share_that_it_says() -> None:
    white, ones = torch.ones((50, 1, 28, 28)), torch.ones((50, 6, 1, 64))
    for shifted, share in (
        (images.patch(white, 0.5, torch_random(1)), 0.25),
        (images.stripes(white, 0.5, torch_random(1)), 0.5),
        (series.patch(ones, 0.5, torch_random(1)), 0.5),
        (series.stripes(ones, 0.5, torch_random(1)), 0.5),
    ):
        assert float((shifted == 0).float().mean()) == pytest.approx(share)


def test_dead_columns_are_the_same_in_all_images_and_stay_dead_when_more_die() -> None:
    before = inputs_of(Kind.IMAGE) + 0.001
    fewer, more = (images.dead(before, share, torch_random(1)) for share in (0.25, 0.5))
    gone = (fewer == 0).all(dim=2).all(dim=0) | (fewer == 1).all(dim=2).all(dim=0)
    assert int(gone.sum()) == 7
    later = (more == 0).all(dim=2).all(dim=0) | (more == 1).all(dim=2).all(dim=0)
    assert bool((later | ~gone).all())


def of(name: str, severity: int) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    shift = SHIFTS[name]
    classes = population(shift, shift.strength(Kind.IMAGE, severity), "mnist", 10, 0)
    return classes.known, classes.names, classes.frequencies


def test_new_classes_were_unknown_to_the_model_and_grow_with_severity() -> None:
    unknown = [set(np.flatnonzero(~of(NEW_CLASSES, level)[0])) for level in range(4)]
    assert [len(each) for each in unknown] == [1, 2, 4, 6]
    assert unknown[0] < unknown[1] < unknown[2] < unknown[3]


def test_permuted_labels_are_a_permutation_without_fixed_points_among_those_met() -> None:
    for level, count in enumerate((2, 4, 7, 10)):
        names = of(PERMUTED_LABELS, level)[1]
        assert sorted(names) == list(range(10))
        assert int((names != np.arange(10)).sum()) == count


def test_label_shifts_change_frequencies_only() -> None:
    labels = np.arange(10).repeat(100)
    for name in (LONG_TAIL, MISSING_CLASSES):
        known, names, frequencies = of(name, 2)
        assert known.all()
        assert (names == np.arange(10)).all()
        assert frequencies is not None
        picked = drawn(labels, frequencies, 500, np.random.default_rng(0))
        assert len(set(picked)) == len(picked) <= 500
        found = np.bincount(labels[picked], minlength=10) / len(picked)
        assert found == pytest.approx(frequencies / frequencies.sum(), abs=0.02)


def test_too_few_samples_of_a_class_make_the_draw_smaller_not_skewed() -> None:
    labels = np.array([0] * 10 + [1] * 1000)
    picked = drawn(labels, np.array([0.5, 0.5]), 400, np.random.default_rng(0))
    assert np.bincount(labels[picked]).tolist() == [10, 10]
