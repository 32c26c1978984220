"""The example's `prepare`, which also tells the pod's log what a requester's code finds itself in."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor
from vision import data

TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")


def prepare(arrays: Mapping[str, Any]) -> Tensor:
    sys.stdout.write(json.dumps(seen()) + "\n")
    sys.stdout.flush()
    return data.prepare(arrays)


def seen() -> dict[str, object]:
    fields = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    return {
        **{name: fields[name] for name in ("Uid", "Gid", "CapEff", "CapPrm", "CapBnd", "NoNewPrivs", "Seccomp")},
        "root": next(options for _, target, _, options, *_ in mounts if target == "/").split(",")[0],
        "token": TOKEN.exists(),
    }
