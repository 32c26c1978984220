"""What happens to pictures: more of it the stronger it is, the same with the same seed, and nothing else."""

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.datasets import load_digits

from modelreuse.calibration import pictures
from modelreuse.calibration.mechanisms import OF_PICTURES, SEVERITIES, Mechanism
from modelreuse.calibration.samples import Array, Samples

DIGITS = load_digits()
IMAGES = DIGITS.images.astype(np.uint8)
SIGHTS = [mechanism for mechanism in OF_PICTURES if mechanism.name != "label-shift"]
EVERY = pytest.mark.parametrize("mechanism", SIGHTS, ids=lambda each: each.name)


def samples(images: Array) -> Samples:
    return Samples.divided({"pixels": images}, "digit", DIGITS.target[: len(images)], seed=0)


def seen(mechanism: Mechanism, images: Array, severity: int = 2, seed: int = 0) -> Array:
    return mechanism.shifted(samples(images), severity, seed).inputs["pixels"]


def moved(mechanism: Mechanism, severity: int) -> float:
    """Mean absolute change of a pixel."""
    return float(np.abs(seen(mechanism, IMAGES, severity).astype(float) - IMAGES).mean())


@EVERY
def test_the_stronger_the_farther(mechanism: Mechanism) -> None:
    changes = [moved(mechanism, severity) for severity in SEVERITIES]
    assert 0 < changes[0] < changes[1] < changes[2]


@EVERY
def test_labels_and_parts_stay(mechanism: Mechanism) -> None:
    before, after = samples(IMAGES), mechanism.shifted(samples(IMAGES), 2, 0)
    assert np.array_equal(before.labels, after.labels)
    assert np.array_equal(before.held_out, after.held_out)


@EVERY
def test_the_same_seed_draws_the_same(mechanism: Mechanism) -> None:
    assert np.array_equal(seen(mechanism, IMAGES), seen(mechanism, IMAGES))


@pytest.mark.parametrize("name", ["noise", "occlusion", "dead-columns"])
def test_another_seed_draws_others(name: str) -> None:
    mechanism = next(each for each in SIGHTS if each.name == name)
    assert not np.array_equal(seen(mechanism, IMAGES), seen(mechanism, IMAGES, seed=1))


STORED: dict[str, Callable[[Array], Array]] = {
    "8 bits": lambda images: images,
    "16 bits": lambda images: images.astype(np.uint16) * 3000,
    "single": lambda images: (images / 16).astype(np.float32),
    "double around 0": lambda images: images / 10 - 0.3,
    "channels first": lambda images: np.stack([images] * 3, axis=1),
    "channels last": lambda images: np.stack([images] * 3, axis=3),
}


@EVERY
@pytest.mark.parametrize("stored", STORED.values(), ids=STORED.keys())
def test_shape_type_and_range_stay(mechanism: Mechanism, stored: Callable[[Array], Array]) -> None:
    images = stored(IMAGES[:60])
    after = seen(mechanism, images)
    assert (after.shape, after.dtype) == (images.shape, images.dtype)
    assert after.min() >= images.min()
    assert after.max() <= images.max()
    assert not np.array_equal(after, images)


def test_channels_last_see_what_channels_first_see() -> None:
    first, last = np.stack([IMAGES] * 3, axis=1), np.stack([IMAGES] * 3, axis=3)
    for mechanism in SIGHTS:
        assert np.array_equal(np.moveaxis(seen(mechanism, last), 3, 1), seen(mechanism, first))


WHITE = np.ones((4, 1, 20, 10), np.float32)


def random() -> np.random.Generator:
    return np.random.default_rng(3)


def test_noise_has_the_given_deviation() -> None:
    grey = np.full((50, 1, 20, 20), 0.5, np.float32)
    assert np.std(pictures.noise(grey, 0.1, random())) == pytest.approx(0.1, rel=0.05)


def test_blur_keeps_the_light_and_spreads_a_point() -> None:
    point = np.zeros((1, 1, 21, 21), np.float32)
    point[..., 10, 10] = 1
    spread = pictures.blur(point, 0.1, random())
    assert spread.sum() == pytest.approx(1, abs=1e-2)
    assert spread.max() < 0.1
    assert np.allclose(pictures.blur(WHITE, 0.1, random()), 1, atol=1e-5)


def test_gain_darkens_and_offset_brightens() -> None:
    assert np.allclose(pictures.gain(WHITE, 0.7, random()), 0.3)
    assert np.allclose(pictures.offset(0 * WHITE, 0.4, random()), 0.4)


def test_each_picture_has_one_dark_rectangle_somewhere_inside() -> None:
    many = np.ones((40, 2, 20, 10), np.float32)
    covered = pictures.occlusion(many, 0.4, random()) == 0
    assert (covered.sum(axis=(2, 3)) == 8 * 4).all()
    assert len({tuple(np.argwhere(each[0])[0]) for each in covered}) > 10
    assert (covered[:, 0] == covered[:, 1]).all()


def test_dead_columns_are_the_same_in_all_pictures_and_some_are_bright() -> None:
    grey = np.full((5, 1, 8, 20), 0.5, np.float32)
    after = pictures.dead_columns(grey, 0.3, random())
    assert (after == after[:1, :, :1]).all()
    values, counts = np.unique(after[0, 0, 0], return_counts=True)
    assert dict(zip(values.tolist(), counts.tolist(), strict=True)) == {0.0: 4, 0.5: 14, 1.0: 2}


def test_a_slipped_camera_shows_the_same_elsewhere() -> None:
    ramp = np.arange(1, 401, dtype=np.float32).reshape(1, 1, 20, 20) / 400
    directions = set()
    for seed in range(20):
        after = pictures.translation(ramp, 0.1, np.random.default_rng(seed))[0, 0]
        assert (after == 0).sum() == 2 * 20
        directions.add(tuple(np.argwhere(after == 0).mean(axis=0)))
    assert len(directions) == 4


@pytest.mark.parametrize(
    ("shape", "kind", "is_one"),
    [
        ((5, 28, 28), "u1", True),
        ((5, 3, 32, 32), "f4", True),
        ((5, 32, 24, 3), "u1", True),
        ((5, 13, 64, 64), "u2", True),
        ((5, 28, 28), "i8", False),
        ((5, 12, 500), "f4", False),
        ((5, 6, 6), "f4", False),
        ((5, 30), "f4", False),
        ((5, 4, 8, 8, 8), "f4", False),
        ((5, 28, 28), "?", False),
    ],
)
def test_what_counts_as_pictures(shape: tuple[int, ...], kind: str, is_one: bool) -> None:
    assert pictures.are_pictures(np.zeros(shape, kind)) is is_one


def test_pictures_of_one_colour_are_no_division_by_zero() -> None:
    flat = np.full((10, 8, 8), 7, np.uint8)
    assert (pictures.through(pictures.gain, flat, 0.5, random()) == 7).all()
