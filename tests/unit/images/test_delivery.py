"""Images go onto a node only where its disk has room for them."""

from pathlib import Path

import pytest

from images.delivery import require_room
from localcluster.errors import UnsuitableMachineError

STORE = Path("build/node-images/demo")
GIB = 1 << 30
DISK = 100 * GIB


@pytest.mark.parametrize(("new", "free"), [(5 * GIB, 12 * GIB), (0, 0)])
def test_what_fits_is_delivered(new: int, free: int) -> None:
    require_room(STORE, new, free_bytes=free, disk_bytes=DISK)


def test_a_full_disk_is_told_before_anything_is_written() -> None:
    # Twice 5 GiB for the layers, 1 GiB to write in, 1 GiB of a disk of 100 that no pod may touch.
    with pytest.raises(UnsuitableMachineError) as told:
        require_room(STORE, 5 * GIB, free_bytes=12 * GIB - 1, disk_bytes=DISK)
    assert str(told.value) == (
        "build/node-images/demo: the images need 12.9 GB of disk and 12.9 GB are free; make room, "
        "for example by removing the image stores of other clusters beside it"
    )
