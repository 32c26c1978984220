"""How many CPU cores this process may really use.

A container's CPU limit is a quota that libraries don't look at: with two cores of sixty-four they start sixty-four
threads, which then wait for each other. Every figure that we measure would be of that waiting.
"""

import math
import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def available_cores(cgroup: Path = CGROUP) -> int:
    """Cores by affinity, or by the container's quota (cgroup v2) where that is less; at least 1."""
    affine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = (cgroup / "cpu.max").read_text().split()
        allowed = math.ceil(int(quota) / int(period))
    except (OSError, ValueError):  # no cgroup v2, or the quota is "max"
        return affine
    return max(1, min(affine, allowed))
