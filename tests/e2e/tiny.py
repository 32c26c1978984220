"""The smallest model and data that an assessment takes: four numbers in, three classes out."""

from pathlib import Path

import numpy as np

from cluster.person import Object
from e2e.team import Team

ROWS = 200


def fill(team: Team, model: bytes) -> None:
    """Put the model and its data into the team's claims."""
    random = np.random.default_rng(1)
    (team.folder / "models" / "tiny.pt2").write_bytes(model)
    for name in ("before", "now"):
        save(team.folder / "data" / f"{name}.npz", random.normal(size=(ROWS, 4)).astype(np.float32))


def save(file: Path, inputs: "np.ndarray[tuple[int, int], np.dtype[np.float32]]") -> None:
    np.savez(file, inputs=inputs)


def smallest(team: Team, name: str, *, model: str = "tiny.pt2", new: str = "now.npz") -> Object:
    """The smallest useful check: no code, no labels, no template."""
    return {
        **team.named(name),
        "spec": {
            "models": [{"name": "current", "uri": f"pvc://models/{model}"}],
            "data": {"reference": {"uri": "pvc://data/before.npz"}, "new": {"uri": f"pvc://data/{new}"}},
        },
    }
