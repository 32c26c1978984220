"""`modelreuse roofline`: what it prints goes into a CostProfile as it stands."""

import click.testing
import pytest
import torch
import yaml

from modelreuse.api import Hardware
from modelreuse.cli import main
from modelreuse.worker import roofline
from modelreuse.worker.roofline import DeviceSteps, NetworkStep
from modelreuse.worker.work import StepWork


@pytest.fixture
def run(monkeypatch):
    """The command in this process, which keeps its environment."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return lambda: click.testing.CliRunner().invoke(main, ["roofline"])


def test_what_it_prints_is_an_entrys_roofline(run, monkeypatch):
    monkeypatch.setattr(roofline, "LONGEST_STEP", 0.0)
    result = run()
    assert result.exit_code == 0, result.stderr
    entry = {"name": "epyc", "powerWatts": "6", "source": "x"} | yaml.safe_load(result.stdout)
    measured = Hardware.model_validate(entry).roofline
    assert measured is not None
    assert measured.gigaflops_per_second > 0
    assert measured.source.startswith("modelreuse roofline on cpu (")


def test_of_a_cpu_it_is_one_cores_share(run, monkeypatch):
    steps = [NetworkStep(4, 0.5, StepWork(1, 3, 200)), NetworkStep(64, 2.0, StepWork(16, 4, 200))]
    tiny = NetworkStep(1, 0.001, StepWork(0, 0, 100))
    monkeypatch.setattr(roofline, "steps_on", lambda device: DeviceSteps(tiny, steps))
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    printed = run().stdout
    told = yaml.safe_load(printed)["roofline"]
    assert (told["gigaflopsPerSecond"], told["gigabytesPerSecond"]) == ("2", "1.5")
    assert told["microsecondsPerLaunch"] == "10"
    assert (
        "# a training step of 64 samples: 2 s\n# one of 4 cores, for an entry of spec.cpus in a CostProfile:\n"
        in printed
    )


def test_a_device_that_fails_is_one_line(run, monkeypatch):
    def fail(device: torch.device) -> None:
        raise torch.OutOfMemoryError("no room\nfor it")

    monkeypatch.setattr(roofline, "steps_on", fail)
    result = run()
    assert result.exit_code == 1
    assert result.stderr.startswith("no training step could be timed on cpu (")
    assert result.stderr.endswith("no room for it\n")
