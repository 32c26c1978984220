"""Time that passes when a test says so, and a meter that reads nothing of this machine."""

from dataclasses import dataclass
from pathlib import Path

from modelreuse.metering import Meter


@dataclass
class FakeTime:
    """Wall and processor seconds."""

    wall: float = 100.0
    cpu: float = 5.0

    def passes(self, seconds, cpu=0.0):
        """Let time go by."""
        self.wall += seconds
        self.cpu += cpu


def fake_meter(time, **options):
    """A meter by that time, without a thread, and without energy counters unless they are given."""
    defaults = {
        "powercap": Path("/nonexistent"),
        "environ": {},
        "sample_every": None,
        "clock": lambda: time.wall,
        "cpu_clock": lambda: time.cpu,
    }
    return Meter(**(defaults | options))
