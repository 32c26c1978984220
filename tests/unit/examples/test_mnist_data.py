"""The data come out of their script the same to the byte, and no image serves two purposes."""

import hashlib
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "mnist"
_OURS = ("pictures", "shifts", "make_data")


@pytest.fixture(scope="module")
def making() -> Iterator[ModuleType]:
    """The script, imported as when it is run; gone afterwards. Reading the images takes seconds, so once for all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(EXAMPLE / "making"), *sys.path])
        yield importlib.import_module("make_data")
    for name in _OURS:
        sys.modules.pop(name, None)


def test_the_committed_data_are_what_the_script_makes(making: ModuleType, tmp_path: Path) -> None:
    for name, examples in making.data_sets().items():
        file = tmp_path / f"{name}.npz"
        making.pictures.write(examples, file)
        assert file.read_bytes() == (EXAMPLE / "data" / file.name).read_bytes()


def test_no_image_serves_two_purposes(making: ModuleType) -> None:
    parts = making.pictures.divided()
    assert {name: len(part.digits) for name, part in parts.items()} == {
        "training": 1800,
        "reference": 500,
        "new": 800,
        "evaluation": 600,
        "earlier": 1300,
    }
    seen = [hashlib.sha256(image.tobytes()).digest() for part in parts.values() for image in part.pixels]
    assert len(set(seen)) == len(seen)


def test_shifts_keep_shape_and_type(making: ModuleType) -> None:
    images = making.pictures.divided()["reference"].pixels[:20]
    shifts = making.shifts
    every = [
        shifts.faulty_sensor,
        shifts.noise(60),
        shifts.defocus(3),
        shifts.stray_light(70),
        shifts.misplaced(2, 1),
        shifts.turned(20),
        shifts.dust(6),
        shifts.bad_pixels(0.2),
        shifts.both(shifts.defocus(2), shifts.noise(20)),
    ]
    for shift in every:
        seen = shift(images, np.random.default_rng(0))
        assert seen.shape == images.shape
        assert seen.dtype == np.uint8
        assert not np.array_equal(seen, images)
