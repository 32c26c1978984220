"""`modelreuse roofline`: what this machine reaches in training, as an entry of a CostProfile holds it."""

import logging
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import yaml

from modelreuse.api import Roofline, decimal
from modelreuse.cli import desk
from modelreuse.cli.problems import OTHER, Problem
from modelreuse.costs import Ceilings, TimedStep

if TYPE_CHECKING:
    from modelreuse.worker.roofline import NetworkStep


def run() -> None:
    """Measures and prints. Raises Problem."""
    desk.need_worker("roofline")

    from modelreuse.worker.cores import available_cores

    os.environ.setdefault("OMP_NUM_THREADS", str(available_cores()))  # read when torch is loaded, which is now

    # It warns, among what is to be pasted, that triton isn't there, which nothing here needs.
    logging.getLogger("torch.utils.flop_counter").setLevel(logging.ERROR)

    import torch

    from modelreuse.worker.effort import default_device, device_name
    from modelreuse.worker.roofline import steps_on

    device = default_device()
    name = device_name(device)
    try:
        seen = steps_on(device)
    except RuntimeError as error:  # of which torch's own errors are kinds
        raise Problem(f"no training step could be timed on {name}: {error}", OTHER) from error
    cores = torch.get_num_threads() if device.type == "cpu" else None
    of_one = Ceilings.reached(name, _timed(seen.tiny), [_timed(step) for step in seen.steps]).of(1 / (cores or 1))
    measured = Roofline(
        gigaflops_per_second=decimal(of_one.gigaflops),
        gigabytes_per_second=decimal(of_one.gigabytes),
        microseconds_per_launch=decimal(of_one.launch * 1e6),
        source=f"modelreuse roofline on {name}, {datetime.now(UTC):%Y-%m-%d}",
    )
    for step in seen.steps:
        click.echo(f"# a training step of {step.samples} samples: {step.seconds:.3g} s")
    of, where = (name, "accelerators") if cores is None else (f"one of {cores} cores", "cpus")
    click.echo(f"# {of}, for an entry of spec.{where} in a CostProfile:")
    click.echo(yaml.safe_dump({"roofline": measured.to_wire()}, sort_keys=False, width=200), nl=False)


def _timed(step: "NetworkStep") -> TimedStep:
    return TimedStep(step.work.gigaflops, step.work.gigabytes, step.work.launches, step.seconds)
