"""A data set much larger than the memory that it may take goes through; measured as the process's peak."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet

ROWS, WIDTH = 16_000, 4096
"""250 MiB of float32."""
MORE = 128 * 2**20
"""What a process may take beyond what it has when everything is imported: half of that."""

PROGRAM = """
import sys
import numpy, torch, pyarrow.parquet, PIL.Image, PIL.ImageOps
import PIL.PngImagePlugin, PIL.JpegImagePlugin
from pathlib import Path
from modelreuse.api import DataSource, DataSources
from modelreuse.worker import Places
from modelreuse.worker.data import load_data

torch.set_num_threads(1)
torch.zeros(10).sum()


def resident(what):
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(what))


before = resident("VmRSS")

source = DataSource(uri=sys.argv[1], factory=sys.argv[2] if len(sys.argv) > 2 else None)
sources = DataSources(inputs=["x"], reference=source, new=source)
rows = total = 0
for (values,), *_ in load_data(source, "spec.data.new.uri", sources, Places()).batches(64):
    rows += len(values)
    total += values.nbytes
print(rows, total, resident("VmHWM") - before)
"""


def passed(uri: str, *factory: str, path: Path | None = None) -> tuple[int, int]:
    """Samples and bytes that went through a process that didn't grow by as much."""
    environment = {"PYTHONPATH": ":".join(filter(None, (str(Path("operator").resolve()), str(path or ""))))}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, uri, *factory], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr[-3000:]
    rows, total, grown = done.stdout.split()
    assert int(grown) <= MORE, f"{int(grown) >> 20} MiB"
    return int(rows), int(total)


@pytest.fixture(scope="module")
def zeros() -> np.ndarray:
    return np.zeros((ROWS, WIDTH), np.float32)


WHOLE = (ROWS, ROWS * WIDTH * 4)


@pytest.mark.parametrize("compressed", [False, True])
def test_npz_streams(zeros, tmp_path, compressed):
    path = tmp_path / "x.npz"
    (np.savez_compressed if compressed else np.savez)(path, x=zeros)

    assert passed(f"file://{path}") == WHOLE


@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_parquet_streams(zeros, tmp_path, compression):
    path = tmp_path / "x.parquet"
    column = pa.FixedSizeListArray.from_arrays(pa.array(zeros.ravel()), WIDTH)
    parquet.write_table(
        pa.table({"x": column}), path, row_group_size=2000, compression=compression, use_dictionary=False
    )

    assert passed(f"file://{path}") == WHOLE


def test_images_stream(tmp_path):
    (tmp_path / "set/a").mkdir(parents=True)
    image = Image.new("RGB", (64, 64))
    for number in range(400):
        image.save(tmp_path / f"set/a/{number}.png")

    assert passed(f"file://{tmp_path}/set/") == (400, 400 * 3 * 224 * 224 * 4)


def test_a_factory_streams(tmp_path):
    (tmp_path / "reader.py").write_text(
        f"import numpy as np\n\n\ndef read(path):\n    for _ in range({ROWS // 100}):\n"
        f"        yield {{'x': np.zeros((100, {WIDTH}), np.float32)}}\n"
    )
    (tmp_path / "x").write_text("")

    assert passed(f"file://{tmp_path}/x", "reader:read", path=tmp_path) == WHOLE


def test_what_is_held_at_once_does_fail(tmp_path):
    (tmp_path / "reader.py").write_text(
        f"import numpy as np\n\n\ndef read(path):\n    yield {{'x': np.ones(({ROWS}, {WIDTH}), np.float32)}}\n"
    )
    (tmp_path / "x").write_text("")

    with pytest.raises(AssertionError, match=r"\d{3} MiB"):
        passed(f"file://{tmp_path}/x", "reader:read", path=tmp_path)
