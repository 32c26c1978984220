"""Trainers as a site may have them, honest and not: programs that need only Python, so that they start at once."""

import sys
from pathlib import Path

PRELUDE = """
import hashlib, json, os, pathlib, shutil, signal, sys, time

plan = json.loads(os.environ["MODELREUSE_PLAN"])
root = pathlib.Path(os.environ["MODELREUSE_PVC_ROOT"])
log = pathlib.Path(os.environ["MODELREUSE_TERMINATION_LOG"])


def path(uri):
    return root / uri.removeprefix("pvc://")


def answer(**told):
    artifact = path(plan["output"]) / pathlib.PurePosixPath(plan["model"]["uri"]).name
    shutil.copy(path(plan["model"]["uri"]), artifact)
    result = {
        "digest": plan["digest"],
        "steps": 4,
        "samples": 256,
        "seconds": "0.5",
        "targetReached": True,
        "evaluatedEvery": 2,
        "energyWh": "0.1",
        "energyBasis": "Measured",
        "artifactUri": f"{plan['output']}/{artifact.name}",
        "artifactSha256": "sha256:" + hashlib.sha256(artifact.read_bytes()).hexdigest(),
    }
    log.write_text(json.dumps(result | told))

"""
HONEST = "answer()"
"""Gives the old weights back, and says so truly."""


def trainer(folder: Path, body: str) -> list[str]:
    """The command of a trainer that does this."""
    program = folder / "trainer.py"
    program.write_text(PRELUDE + body)
    return [sys.executable, "-S", str(program)]
