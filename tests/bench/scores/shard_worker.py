"""One of several one-thread processes that share an assessment; tells when it is ready, and then when it is done.

Takes its rank and how many there are; reads a line before it begins; writes its sketches to standard output's file.
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
sys.stdin.readline()
reference = pass_over_reference(model, own)
np.savez(path, **reference.to_arrays())
print("done", flush=True)
