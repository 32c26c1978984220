"""Claims in a temporary folder, and what lies in them."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from modelreuse.worker import Places
from unit.worker.tiny import CLASSES, INPUTS, Members, build, exported, zipped


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Threads of a tiny model only wait for each other."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def model_bytes() -> bytes:
    return exported(build(), torch.zeros(2, INPUTS))


@pytest.fixture
def members(model_bytes: bytes) -> Members:
    """The members of a good archive, by name below its root."""
    with zipfile.ZipFile(io.BytesIO(model_bytes)) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def program(members: Members) -> dict:
    """The program of a good archive."""
    return json.loads(members["models/model.json"])


@pytest.fixture
def repacked(members: Members) -> Callable[[Members], bytes]:
    """The good archive with some members replaced or added."""

    def make(changes: Members) -> bytes:
        return zipped({f"model/{name}": data for name, data in {**members, **changes}.items()})

    return make


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Two claims, `models` and `data`, in a temporary folder."""
    for claim in ("models", "data"):
        (tmp_path / "pvc" / claim).mkdir(parents=True)
    return Places(claims_root=tmp_path / "pvc", termination_log=tmp_path / "termination-log")


@pytest.fixture
def save_data(places: Places) -> Callable[..., str]:
    """Writes arrays into the claim `data`; gives the URI."""

    def save(name: str, **arrays: np.ndarray) -> str:
        np.savez(places.claim("data") / name, **arrays)
        return f"pvc://data/{name}"

    return save


@pytest.fixture
def save_model(places: Places) -> Callable[[str, bytes], str]:
    """Writes a model file into the claim `models`; gives the URI."""

    def save(name: str, data: bytes) -> str:
        (places.claim("models") / name).write_bytes(data)
        return f"pvc://models/{name}"

    return save


@pytest.fixture
def samples() -> Callable[..., dict[str, np.ndarray]]:
    """Inputs of three separable classes, and their labels."""

    def make(count: int = 120, shift: float = 0.0, seed: int = 0) -> dict[str, np.ndarray]:
        random = np.random.default_rng(seed)
        labels = np.arange(count) % CLASSES
        centres = np.eye(CLASSES, INPUTS) * 3
        inputs = centres[labels] + random.normal(size=(count, INPUTS)) + shift
        return {"inputs": inputs.astype(np.float32), "labels": labels}

    return make
