"""The example's calibration Job, created by an engineer, and what an importer may make of its table."""

import csv
import os
import subprocess
import sys
from dataclasses import dataclass

import pytest

from cluster.installing import documents
from cluster.person import Object
from e2e.team import USER, Team, how_it_ended
from e2e.town import CHECKOUT, EXAMPLE, Town

JOB = CHECKOUT / "examples/calibrate/job.yaml"


@dataclass(frozen=True)
class Calibrated:
    """job: as it ended; log: what it said; lines: of its table; imported: what an import of them would do."""

    job: Object
    log: str
    lines: list[dict[str, str]]
    imported: "subprocess.CompletedProcess[str]"


def calibrate(town: Town) -> Calibrated:
    team = Team.gather(town, "calibrates", labels={"environment": "production"})
    records = team.folder / "records"
    records.mkdir()
    os.chown(records, USER, USER)
    town.admin.apply(team.volume("records"))
    check = {"check.yaml": (EXAMPLE / "check.yaml").read_text()}
    here = {"namespace": team.namespace}
    town.ada.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "calibrate-digits", **here}, "data": check}
    )
    claim, job = documents(JOB)
    (container,) = job["spec"]["template"]["spec"]["containers"]
    container["image"] = town.worker_image
    container["args"].append("--runs=1")
    for each in (claim, job):
        each["metadata"].update(here)
        town.ada.apply(each)
    log = team.output_of(job)
    table = records / "digits.csv"
    with table.open(newline="") as file:
        lines = list(csv.DictReader(file))
    command = [sys.executable, "-m", "modelreuse.cli", "records", "import", str(table), "-n", "model-history"]
    grace = {**os.environ, "KUBECONFIG": str(town.cluster.kubeconfig("grace"))}
    imported = subprocess.run([*command, "--dry-run"], env=grace, capture_output=True, text=True, check=False)
    return Calibrated(town.ada.get(job), log, lines, imported)


pytestmark = pytest.mark.story.with_args(calibrate)


def test_it_ends_well_under_the_restricted_standard(end: Calibrated):
    assert how_it_ended(end.job) == "Complete", end.log


def test_it_says_what_it_takes_before_it_says_what_came_of_it(end: Calibrated):
    before, ran, after = end.log.partition("1/1 gain 1 of 3, FineTune: ")

    assert ran, end.log
    assert "Nothing was trained yet." in before
    assert "1 record" in after


def test_its_line_holds_what_our_own_worker_verified(end: Calibrated):
    (line,) = end.lines

    assert (line["action"], line["mechanism"], line["samples"]) == ("FineTune", "gain", "375")
    assert float(line["newQuality"]) >= float(line["target"])


def test_an_importer_may_bring_it_in(end: Calibrated):
    assert "1 record" in end.imported.stdout, end.imported.stderr
