"""Building images leaves images behind, and nothing else on the machine."""

from pathlib import Path

from images import machine


def test_no_mount_of_the_image_builder_stays():
    store = machine.store()
    assert (store / "layout" / "index.json").exists(), "the images that these tests run were built here"
    assert [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if str(store) in line] == []
