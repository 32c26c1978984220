"""One of several one-thread processes that share an assessment; tells when it is ready, and when each order is done.

Takes its rank, how many there are, samples, and where to write its sketches. An order is a line: `bare` passes its
batches through the model alone, `scores` makes and writes their sketches too.
"""

import sys

import numpy as np
import torch

from bench.scores.networks import batches, digits, trained_small_cnn
from modelreuse.scores import pass_over_reference

torch.set_num_threads(1)
rank, shards, samples, path = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
model = trained_small_cnn()
images, labels = digits(samples, 1)
own = batches(images[rank::shards], labels[rank::shards], 128)
pass_over_reference(model, own[:4])
print("ready", flush=True)
for order in sys.stdin:
    if order == "bare\n":
        with torch.inference_mode():
            for inputs, _ in own:
                model(inputs)
    else:
        np.savez(path, **pass_over_reference(model, own).to_arrays())
    print("done", flush=True)
