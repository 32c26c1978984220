"""The models that are to be reused: trained on good data, kept in build/ under a hash of all that decides them."""

import hashlib
import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import nn

from study.architectures import ARCHITECTURES
from study.datasets import DataSet, Part, Samples
from study.learning import learn
from study.places import BASES
from study.protocol import BASE_STEPS, VERSION
from study.seeds import number, torch_random
from study.variants import Variant


def fresh(variant: Variant, data_set: DataSet, *key: object) -> nn.Module:
    """The variant's network with weights that the key decides."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(number("weights", *key))
        return ARCHITECTURES[variant.architecture](data_set.shape, data_set.source.classes)


def trained(variant: Variant, data_set: DataSet, seed: int, known: NDArray[np.bool_]) -> nn.Module:
    """The model after training on the training part's samples of the known classes. known: (k,) one per class."""
    file = BASES / f"{_hash(variant, data_set, seed, known)}.safetensors"
    model = fresh(variant, data_set, "base", data_set.source.name, variant.name, seed)
    if file.exists():
        model.load_state_dict(load_file(file))
        return model
    samples = of_classes(data_set.parts[Part.TRAINING], known)
    learn(
        model,
        variant.recipe,
        samples,
        trained=(),
        random=torch_random("base batches", data_set.source.name, variant.name, seed),
        horizon=BASE_STEPS,
        evaluations=1,
        spacing=BASE_STEPS,
        evaluation=samples,
    )
    _write(model, file)
    return model


def of_classes(samples: Samples, known: NDArray[np.bool_]) -> Samples:
    """Those of the samples whose class is known."""
    return samples.at(np.flatnonzero(known[samples.labels.numpy()]))


def _hash(variant: Variant, data_set: DataSet, seed: int, known: NDArray[np.bool_]) -> str:
    source = data_set.source
    parts = {
        "version": VERSION,
        "steps": BASE_STEPS,
        "variant": asdict(variant),
        "data set": source.name,
        "sizes": dict(source.sizes),
        "content": _content(data_set),
        "seed": seed,
        "known": known.tolist(),
        "network": repr(fresh(variant, data_set)),
        "torch": torch.__version__,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:24]


def _content(data_set: DataSet) -> str:
    training = data_set.parts[Part.TRAINING]
    return hashlib.sha256(training.inputs.numpy().tobytes() + training.labels.numpy().tobytes()).hexdigest()


def _write(model: nn.Module, file: Path) -> None:
    """Whole or not at all: another slice may want the same model at the same time."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=file.parent)
    os.close(handle)
    save_file(model.state_dict(), temporary)
    Path(temporary).replace(file)
