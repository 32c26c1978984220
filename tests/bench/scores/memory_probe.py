"""Peak memory of one assessment of N + N samples that are made as they are read; prints bytes. Takes N."""

import re
import sys
from pathlib import Path

import torch

from bench.scores.networks import digits, trained_small_cnn
from modelreuse.scores import measure_shift

torch.set_num_threads(1)


def stream(n, seed):
    """Batches of 100 that exist one at a time."""
    for start in range(0, n, 100):
        yield digits(100, seed + start)


n = int(sys.argv[1])
measure_shift(trained_small_cnn(), stream(n, 10_000_000), stream(n, 20_000_000))
# Not ru_maxrss: that begins at the size of whoever started this process.
print(int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024)
