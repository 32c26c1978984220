"""Makes data/ and models/ of this example: `PYTHONPATH=operator python examples/mnist/making/make_data.py`.

The results are committed, so nobody has to run this; it is here so that everybody can see where they come from. The
data come out the same to the byte everywhere; the weights do on one machine.
"""

import sys
from pathlib import Path

import numpy as np

EXAMPLE = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(EXAMPLE / "making"), str(EXAMPLE / "code")]

import pictures  # noqa: E402
import shifts  # noqa: E402

_SENSOR_SEED = 5
_MODEL_SEED = 0
_EPOCHS = 20
_BATCH = 60


def data_sets() -> dict[str, pictures.Images]:
    """What goes into data/, by the name of its file."""
    parts = pictures.divided()
    random = np.random.default_rng(_SENSOR_SEED)
    seen = {
        name: parts[name].with_pixels(shifts.faulty_sensor(parts[name].pixels, random))
        for name in ("new", "evaluation")
    }
    return {"reference": parts["reference"], "line7": seen["new"], "line7-heldout": seen["evaluation"]}


def train_current(examples: pictures.Images, file: Path) -> None:
    """Train the model in use, on good images only."""
    import torch
    from safetensors.torch import save_file
    from vision.data import prepare
    from vision.net import build

    torch.manual_seed(_MODEL_SEED)
    torch.set_num_threads(1)
    model = build()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    pixels = prepare({pictures.PIXELS: examples.pixels})
    digits = torch.from_numpy(examples.digits.astype(np.int64))
    for _ in range(_EPOCHS):
        for picked in torch.split(torch.randperm(len(digits)), _BATCH):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(model(pixels[picked]), digits[picked]).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    save_file(model.state_dict(), file)
    file.chmod(0o644)


def main() -> None:
    """Write everything, and say how large it is."""
    for name, examples in data_sets().items():
        pictures.write(examples, EXAMPLE / "data" / f"{name}.npz")
    train_current(pictures.divided()["training"], EXAMPLE / "models" / "current.safetensors")
    for file in sorted([*EXAMPLE.glob("data/*"), *EXAMPLE.glob("models/*")]):
        print(f"{file.relative_to(EXAMPLE)}: {file.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
