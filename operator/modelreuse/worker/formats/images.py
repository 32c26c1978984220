"""A folder of images with a folder per class, as training sets often lie.

Classes are numbered by the sorted names of the folders, or by `classes.txt` (one name a line, at the top), which data
with fewer classes than the model need. Without a transform each image becomes what classifiers of 224 pixels take: RGB,
turned as its camera says, the shorter side resized to 256, the middle 224 x 224 cut out, scaled to 0..1 and normalised
by ImageNet's mean and deviation, as float32 of shape (3, 224, 224). With a transform the images come as they are: an
array of n objects, each (height, width, 3) uint8.
"""

import io
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from modelreuse.worker.cores import available_cores
from modelreuse.worker.errors import TaskError
from modelreuse.worker.formats.source import Column, Rows, RowSource, Wish
from modelreuse.worker.staged import Staged, in_order
from modelreuse.worker.wording import few, one_line

SUFFIXES = (".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
CLASSES_FILE = "classes.txt"
MAX_PIXELS = 100_000_000
"""Of one image; decoded it takes three bytes each."""
RESIZED, CROPPED = 256, 224
MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)

_DECODERS = ("BMP", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
_MAX_CLASSES_BYTES = 2**20


class ImageRows(RowSource):
    """The images of a folder, class by class, each class in the order of its paths.

    Raises TaskError: ExtraMissing, EmptyData, ArrayMissing (more than one input), ClassesDiffer, ImageDamaged,
    ImageTooLarge.
    """

    kind = "ImageFolder"

    def __init__(self, staged: Staged, wish: Wish) -> None:
        self._staged = staged
        self._wish = wish
        if len(wish.inputs) != 1:
            raise TaskError(
                "ArrayMissing", "spec.data.inputs", f"a folder of images is one array; {len(wish.inputs)} are named"
            )
        self._input = wish.inputs[0]
        self._paths = [name for name in staged.files if name.lower().endswith(SUFFIXES)]
        if not self._paths:
            raise TaskError("EmptyData", staged.field, f"holds no images; known suffixes: {', '.join(SUFFIXES)}")
        folders = in_order(list({name.partition("/")[0] for name in self._paths if "/" in name}))
        in_classes = all("/" in name for name in self._paths)
        if not in_classes and (folders or wish.labels):
            stray = next(name for name in self._paths if "/" not in name)
            raise TaskError(
                "ClassesDiffer", staged.field, f"the image {stray!r} lies in no class's folder; move it into one"
            )
        self.classes = self._classes(folders)
        numbers = {name: number for number, name in enumerate(self.classes)}
        self._labels = np.array(
            [numbers[name.partition("/")[0]] for name in self._paths] if in_classes else [], np.int64
        )
        self.samples: int | None = len(self._paths)
        self.available = [self._input, *([wish.labels] if wish.labels else [])]
        dtype, shape = ("object", ()) if wish.transformed else ("float32", (3, CROPPED, CROPPED))
        self.columns = {self._input: Column(self._input, dtype, shape)}
        if wish.labels:
            self.columns[wish.labels] = Column(wish.labels, "int64", ())

    def _classes(self, folders: list[str]) -> tuple[str, ...]:
        if CLASSES_FILE not in self._staged.files:
            return tuple(folders)
        if self._staged.files[CLASSES_FILE].size > _MAX_CLASSES_BYTES:
            raise TaskError("ClassesDiffer", self._staged.field, f"{CLASSES_FILE} is no list of names, one a line")
        text = self._staged.read(CLASSES_FILE).decode(errors="replace")
        names = [line.strip() for line in text.splitlines() if line.strip()]
        unknown = [name for name in folders if name not in names]
        if unknown or len(set(names)) != len(names):
            what = f"doesn't name the folder {unknown[0]!r}" if unknown else "names a class twice"
            raise TaskError("ClassesDiffer", self._staged.field, f"{CLASSES_FILE} {what}; give one name a line")
        return tuple(names)

    @override
    def chunks(self, names: Sequence[str], size: int) -> Iterator[Rows]:
        with ThreadPoolExecutor(available_cores()) as pool:  # decoding and resizing leave Python's lock alone
            for start in range(0, len(self._paths), size):
                rows: Rows = {}
                for name in names:
                    if name == self._input:
                        rows[name] = self._images(self._paths[start : start + size], pool)
                    else:
                        rows[name] = self._labels[start : start + size]
                yield rows

    def _images(self, paths: list[str], pool: ThreadPoolExecutor) -> NDArray[Any]:
        column = self.columns[self._input]
        images = np.empty((len(paths), *column.shape), column.dtype)

        def put(number: int) -> None:
            images[number] = self._image(paths[number])

        for _ in pool.map(put, range(len(paths))):
            pass
        return images

    def _image(self, path: str) -> NDArray[Any]:
        try:
            from PIL import Image, ImageOps, UnidentifiedImageError
        except ImportError:
            raise TaskError(
                "ExtraMissing",
                self._staged.field,
                "a folder of images needs the extra 'images': pip install 'model-reuse-operator[images]'",
            ) from None
        if self._staged.files[path].size > MAX_PIXELS * 4:
            raise self._too_large(path, f"{self._staged.files[path].size} bytes")
        data = self._staged.read(path)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with Image.open(io.BytesIO(data), formats=_DECODERS) as image:
                    if image.width * image.height > MAX_PIXELS:
                        raise self._too_large(path, f"{image.width} x {image.height} pixels")
                    upright = ImageOps.exif_transpose(image).convert("RGB")
        except (TaskError, MemoryError):
            raise
        except UnidentifiedImageError:
            raise self._damaged(path, f"it is none of {', '.join(_DECODERS)}") from None
        except Image.DecompressionBombError:
            raise self._too_large(path, "that many pixels") from None
        except Exception as error:
            raise self._damaged(path, one_line(f"{type(error).__name__}: {error}", 120)) from error
        return np.asarray(upright) if self._wish.transformed else prepared(upright)

    def _damaged(self, path: str, why: str) -> TaskError:
        return TaskError("ImageDamaged", self._staged.field, f"the image {path!r} can't be decoded: {why}")

    def _too_large(self, path: str, size: str) -> TaskError:
        return TaskError(
            "ImageTooLarge",
            self._staged.field,
            f"the image {path!r} has {size}; images of at most {MAX_PIXELS} pixels are decoded",
        )


def prepared(image: Any) -> NDArray[np.float32]:
    """(3, 224, 224) float32 of an RGB image: resized, cropped, normalised as the module says."""
    from PIL import Image

    scale = RESIZED / min(image.size)
    width, height = (max(RESIZED, round(side * scale)) for side in image.size)
    left, top = (width - CROPPED) // 2, (height - CROPPED) // 2
    # Resizing only what will be cut out: a strip of a million by one pixels must not grow by the same factor.
    box = tuple(edge / scale for edge in (left, top, left + CROPPED, top + CROPPED))
    limits = (image.width, image.height, image.width, image.height)
    inside = tuple(min(max(edge, 0.0), float(limit)) for edge, limit in zip(box, limits, strict=True))
    cut = image.resize((CROPPED, CROPPED), Image.Resampling.BILINEAR, box=inside)
    values = np.asarray(cut, np.float32) / np.float32(255)
    normal = (values - np.array(MEAN, np.float32)) / np.array(DEVIATION, np.float32)
    return np.ascontiguousarray(normal.transpose(2, 0, 1))


def class_differences(reference: Sequence[str], other: Sequence[str]) -> str | None:
    """How two lists of classes differ, as the rest of a sentence; None where they are the same."""
    if tuple(reference) == tuple(other):
        return None
    missing = [name for name in reference if name not in other]
    surplus = [name for name in other if name not in reference]
    what = [f"lack {few(missing, at_most=3)}" if missing else "", f"add {few(surplus, at_most=3)}" if surplus else ""]
    return " and ".join(filter(None, what)) or "stand in another order"
