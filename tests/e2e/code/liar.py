"""Trainers that don't do what they say; the first argument says how. They speak the contract without our helper."""

import hashlib
import json
import os
import shutil
import sys
import time
from pathlib import Path

LIE = sys.argv[1]
ROOT = Path(os.environ["MODELREUSE_PVC_ROOT"])
PLAN = json.loads(os.environ["MODELREUSE_PLAN"])
OLD = ROOT / "models" / "current.safetensors"
NEW = ROOT / "candidates" / "digits.safetensors"


def main() -> None:
    if LIE == "fails":
        sys.exit("the licence server is away")
    if LIE == "dawdles":
        time.sleep(600)
    shutil.copyfile(OLD, NEW)
    result = {
        "digest": PLAN["digest"],
        "steps": 10,
        "samples": 640,
        "seconds": "1",
        "targetReached": True,
        "artifactUri": "pvc://candidates/digits.safetensors",
        "artifactSha256": f"sha256:{hashlib.sha256(NEW.read_bytes()).hexdigest()}",
    }
    if LIE == "names-another-digest":
        result["digest"] = "sha256:" + "0" * 64
    if LIE == "points-outside":
        result["artifactUri"] = "pvc://models/current.safetensors"
    message = "all went well" if LIE == "says-no-json" else json.dumps(result)
    Path("/dev/termination-log").write_text(message)
    if LIE == "swaps-the-file":
        content = bytearray(NEW.read_bytes())
        content[-1] ^= 1
        NEW.write_bytes(content)


main()
