"""A desk: a folder with a check, a tiny model and two data sets, and the command run in this process."""

import sys
from collections.abc import Callable
from pathlib import Path

import click.testing
import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import save

from modelreuse.cli import main
from unit.worker.tiny import CLASSES, INPUTS, build, exported

CODE = b"""
import sys
from unit.worker.tiny import build
sys.desk_net_was_here = True
print('hello from user code')
"""


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Threads of a tiny model only wait for each other."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def desk_files() -> dict[str, bytes]:
    return {
        "models/m.pt2": exported(build(), torch.zeros(2, INPUTS)),
        "models/m.safetensors": save(build().state_dict()),
        "code/desk_net.py": CODE,
    }


@pytest.fixture
def desk(tmp_path: Path, desk_files: dict[str, bytes]) -> Path:
    for name, data in desk_files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    (tmp_path / "data").mkdir()
    random = np.random.default_rng(0)
    for name, shift in (("reference", 0.0), ("new", 0.5)):
        labels = np.arange(90) % CLASSES
        inputs = np.eye(CLASSES, INPUTS)[labels] * 3 + random.normal(size=(90, INPUTS)) + shift
        np.savez(tmp_path / "data" / f"{name}.npz", inputs=inputs, labels=labels)
    return tmp_path


@pytest.fixture
def check() -> dict:
    """The smallest useful check, as a person writes it."""
    return {
        "apiVersion": "modelreuse.io/v1alpha1",
        "kind": "ModelReuseCheck",
        "metadata": {"name": "digits"},
        "spec": {
            "models": [{"name": "current", "uri": "pvc://models/m.pt2"}],
            "data": {
                "labels": "labels",
                "reference": {"uri": "pvc://data/reference.npz"},
                "new": {"uri": "pvc://data/new.npz"},
            },
        },
    }


@pytest.fixture
def assess(desk: Path) -> Callable[..., click.testing.Result]:
    """Writes the check beside its data and runs `modelreuse assess -f` on it."""
    yield lambda check, *options: _run(desk, check, options)
    vars(sys).pop("desk_net_was_here", None)


def _run(desk: Path, check: dict | str, options: tuple[str, ...]) -> click.testing.Result:
    text = check if isinstance(check, str) else yaml.safe_dump(check, sort_keys=False)
    (desk / "check.yaml").write_text(text)
    return click.testing.CliRunner().invoke(main, ["assess", "-f", str(desk / "check.yaml"), *options])
