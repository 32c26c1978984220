"""Runs evidently's embedding drift in its own environment; prints seconds of each method as JSON. Takes N and d."""

import json
import sys
import time
import warnings

import numpy as np
import pandas as pd
from evidently.legacy.metrics.data_drift.embedding_drift_methods import mmd, model

warnings.simplefilter("ignore")
n, d = int(sys.argv[1]), int(sys.argv[2])
random = np.random.default_rng(0)
reference = random.normal(size=(n, d)).astype(np.float32)
new = (random.normal(size=(n, d)) * 1.1 + 0.1).astype(np.float32)
seconds = {}
for name, method in (("model", model()), ("mmd", mmd())):
    sides = pd.DataFrame(new), pd.DataFrame(reference)
    start = time.perf_counter()
    method(*sides)
    seconds[name] = time.perf_counter() - start
print(json.dumps(seconds))
