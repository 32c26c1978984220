"""Folders of images: classes by their names, one documented preparation, and no picture that explodes."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from modelreuse.api import DataSource, DataSources
from modelreuse.worker.data import check_class_count, check_same_classes, load_data
from modelreuse.worker.errors import TaskError
from modelreuse.worker.formats import images
from modelreuse.worker.formats.images import DEVIATION, MEAN

FIELD = "spec.data.new.uri"
RED, BLUE = (200, 0, 0), (0, 0, 200)


def picture(colour, size=(40, 30), kind="PNG", **options) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture
def load(places):
    """Writes files into a folder of the claim `data`, and loads it."""

    def make(files, *, name="set", transform=None, labels="y", **wish):
        root = places.claim("data") / name
        for path, data in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(data)
        source = DataSource(uri=f"pvc://data/{name}/")
        sources = DataSources(**{"inputs": ["x"], "labels": labels, "reference": source, "new": source, **wish})
        return load_data(source, FIELD, sources, places, transform)

    return make


def test_folders_are_classes_in_the_order_of_their_names(load):
    data = load({"b/1.png": picture(BLUE), "a/2.jpg": picture(RED, kind="JPEG"), "a/1.webp": picture(RED, kind="WEBP")})

    ((arguments, labels, _),) = data.batches(8)

    assert data.classes == ("a", "b")
    assert labels.tolist() == [0, 0, 1]
    assert arguments[0].shape == (3, 3, 224, 224)
    assert arguments[0].dtype == np.float32


def test_an_image_is_scaled_and_normalised_as_documented(load):
    data = load({"a/1.png": picture((255, 0, 128)), "b/1.png": picture(BLUE)})

    pixel = data.take(slice(0, 1))[0][0, :, 100, 100]

    assert pixel == pytest.approx(
        [(v / 255 - m) / d for v, m, d in zip((255, 0, 128), MEAN, DEVIATION, strict=True)], abs=1e-5
    )


def test_the_middle_is_cut_out(load):
    image = Image.new("RGB", (600, 300), BLUE)
    image.paste(RED, (150, 0, 450, 300))  # the middle square
    buffer = io.BytesIO()
    image.save(buffer, "PNG")

    values = load({"a/1.png": buffer.getvalue()}).take(slice(None))[0]

    assert np.ptp(values, axis=(2, 3)).max() < 1e-5


def test_a_transform_gets_images_as_they_are(load):
    seen = []
    data = load(
        {"a/1.png": picture(RED, (4, 3)), "b/1.png": picture(BLUE, (2, 5))},
        transform=lambda arrays: seen.extend(arrays["x"]) or np.zeros((2, 1), np.float32),
    )

    list(data.batches(2))

    assert [(image.shape, image.dtype) for image in seen] == [((3, 4, 3), np.uint8), ((5, 2, 3), np.uint8)]
    assert seen[0][0, 0].tolist() == list(RED)


def test_an_image_is_turned_as_its_camera_says(load):
    exif = Image.Exif()
    exif[0x0112] = 6
    seen = []
    data = load(
        {"a/1.jpg": picture(RED, (40, 20), "JPEG", exif=exif)},
        transform=lambda arrays: seen.extend(arrays["x"]) or np.zeros((1, 1), np.float32),
    )

    list(data.batches(1))

    assert seen[0].shape == (40, 20, 3)


def test_images_without_classes_are_unlabelled(load):
    data = load({"1.png": picture(RED), "2.png": picture(BLUE)}, labels=None)

    assert [labels for _, labels, _ in data.batches(1)] == [None, None]


def test_the_order_of_classes_can_be_given(load):
    data = load({"a/1.png": picture(RED), "b/1.png": picture(RED), "classes.txt": b"b\na\nc\n"})

    assert data.classes == ("b", "a", "c")
    assert [labels.tolist() for _, labels, _ in data.batches(2)] == [[1, 0]]


def test_classes_that_would_be_numbered_differently_are_refused(load):
    reference = load({f"{name}/1.png": picture(RED) for name in "abc"}, name="reference")
    new = load({f"{name}/1.png": picture(RED) for name in "acd"})

    with pytest.raises(TaskError, match=r"its classes lack 'b' and add 'd'.*classes\.txt") as refusal:
        check_same_classes(reference, new)

    assert (refusal.value.reason, refusal.value.field) == ("ClassesDiffer", FIELD)


def test_fewer_classes_than_outputs_are_refused(load):
    data = load({f"{name}/1.png": picture(RED) for name in "ab"})

    check_class_count(data, 2)
    with pytest.raises(TaskError, match="has 2 classes, the model 3 outputs"):
        check_class_count(data, 3)


def bomb(width: int, height: int) -> bytes:
    """A PNG that declares that many pixels in a hundred bytes."""

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = part(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + body + part(b"IEND", b"")


@pytest.mark.parametrize("size", [(20_000, 20_000), (12_000, 9_000), (1_000_000, 101)])
def test_a_decompression_bomb_is_not_decoded(load, size):
    data = load({"a/1.png": bomb(*size)})

    with pytest.raises(TaskError) as refusal:
        data.take(slice(None))

    assert (refusal.value.reason, refusal.value.field) == ("ImageTooLarge", FIELD)
    assert "the image 'a/1.png' has " in str(refusal.value)


@pytest.mark.parametrize("data", [b"", b"no image", picture(RED)[:60], b"GIF89a" + b"\0" * 50])
def test_a_file_that_is_no_image_is_named(load, data):
    loaded = load({"a/1.png": data})

    with pytest.raises(TaskError, match=r"the image 'a/1\.png' can't be decoded") as refusal:
        loaded.take(slice(None))

    assert refusal.value.reason == "ImageDamaged"


@pytest.mark.parametrize(
    ("files", "wish", "reason"),
    [
        ({"a/1.txt": b""}, {}, "EmptyData"),
        ({"a/1.png": picture(RED), "2.png": picture(RED)}, {}, "ClassesDiffer"),
        ({"a/1.png": picture(RED)}, {"inputs": ["x", "z"]}, "ArrayMissing"),
        ({"a/1.png": picture(RED), "classes.txt": b"b\n"}, {}, "ClassesDiffer"),
        ({"a/1.png": picture(RED), "classes.txt": b"a\na\n"}, {}, "ClassesDiffer"),
        ({"a/1.png": picture(RED), "b.parquet": b""}, {}, "UnknownFormat"),
    ],
)
def test_a_folder_that_can_not_be_understood_is_told(load, files, wish, reason):
    with pytest.raises(TaskError) as refusal:
        load(files, **wish)

    assert refusal.value.reason == reason


def test_a_strip_of_one_pixel_is_prepared_without_growing(load):
    values = load({"a/1.png": picture(RED, (1, 50_000))}).take(slice(None))[0]

    assert values.shape == (1, 3, 224, 224)


def test_the_pixel_limit_is_below_what_a_small_pod_can_hold():
    assert images.MAX_PIXELS * 3 <= 2**29
