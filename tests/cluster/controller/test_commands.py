"""`modelreuse audit` and `promote-check` against a real API server, by people with their own rights."""

import os
from collections.abc import Callable
from pathlib import Path

import click.testing
import pytest

from cluster.controller.operator_process import OperatorProcess
from cluster.controller.team import Team
from cluster.gate import objects
from cluster.person import Object
from localcluster import Cluster
from modelreuse.cli import main
from unit.decisions import scenes

Ask = Callable[..., click.testing.Result]
URI = f"{scenes.OUTPUT}/new.pt2"
PAST = Path(__file__).parents[3] / "examples/records/past-retrainings.csv"


@pytest.fixture
def ask(control_plane: Cluster, team: Team, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Runs a command as somebody, in the team's namespace."""

    def run(by: str, *arguments: str) -> click.testing.Result:
        path: Path = control_plane.kubeconfig(by, ["system:authenticated"])
        monkeypatch.setenv("KUBECONFIG", str(path))
        return click.testing.CliRunner().invoke(main, [*arguments, "-n", team.namespace], env=dict(os.environ))

    return run


def promoted(team: Team) -> Object:
    """A check whose retraining was verified and may be promoted."""
    team.govern()
    check = team.check()
    team.assess(check)
    team["alice"].annotate(check, approve=team.digest(check))
    team.answer(team.job(check, "retraining"), lambda plan: scenes.result(plan["digest"]))
    team.answer(team.job(check, "verification"), lambda task: scenes.verified(task["task"]))
    team.until(check, "PromotionAllowed", "True", "Verified")
    team.until(check, "Ready", "True", "Completed")
    return check


def test_auditors_and_pipelines_get_their_answers(team: Team, running: OperatorProcess, ask: Ask) -> None:
    check = promoted(team)
    name = check["metadata"]["name"]
    (record,) = team["bob"].list(team.obj("RetrainingRecord"))

    for asked_for in (name, f"mrc/{name}", f"record/{record['metadata']['name']}"):
        done = ask("carol", "audit", asked_for)
        assert done.exit_code == 0, done.output
        assert "asked       bob\n  last edit   bob\n  approved    alice (platform-leads,on-call" in done.stdout

    assert ask("bob", "promote-check", URI, "--sha256", scenes.sha("5")).exit_code == 0
    assert ask("bob", "promote-check", URI, "--sha256", scenes.sha("6")).exit_code == 1

    refused = ask("eve", "audit", name)
    assert (refused.exit_code, 'User "eve" cannot get resource' in refused.stderr) == (2, True)
    assert ask("eve", "promote-check", URI).exit_code == 2
    assert ask("carol", "audit", "nobody").exit_code == 2

    team["bob"].annotate(check, assess="again")
    team.until(check, "PromotionAllowed", "Unknown", "NothingToPromote")
    assert ask("bob", "promote-check", URI, "--sha256", scenes.sha("5")).exit_code == 1
    assert ask("carol", "audit", name).exit_code == 0, "the record is what remains of it"


def test_an_import_can_not_pass_for_an_approved_retraining(team: Team, ask: Ask) -> None:
    team["ivan"].create(objects.record(team.namespace, "imported", "Imported"))
    done = ask("carol", "audit", "record/imported")
    assert done.exit_code == 1
    assert "was approved by nobody" in done.stderr


def test_past_retrainings_are_imported_once_by_who_may(team: Team, ask: Ask, tmp_path: Path) -> None:
    def imported() -> int:
        return len(team["ivan"].list(team.obj("RetrainingRecord")))

    refused = ask("bob", "records", "import", str(PAST))
    assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1)
    assert 'user "bob" may not import' in refused.stderr
    assert "--clusterrole=modelreuse-importer --user=bob" in refused.stderr

    dry = ask("ivan", "records", "import", str(PAST), "--dry-run")
    assert (dry.exit_code, "12 records would be imported, 0 there already" in dry.stdout) == (0, True), dry.output
    assert imported() == 0

    part = tmp_path / "part.csv"
    part.write_text("".join(PAST.read_text().splitlines(keepends=True)[:6]))
    assert "5 records imported, 0 there already" in ask("ivan", "records", "import", str(part)).stdout
    done = ask("ivan", "records", "import", str(PAST))
    assert (done.exit_code, "7 records imported, 5 there already" in done.stdout) == (0, True), done.output
    assert f"no CostProfile lists {team.namespace} in spec.trustedNamespaces" in done.stdout
    assert "0 records imported, 12 there already" in ask("ivan", "records", "import", str(PAST)).stdout
    (first, *_) = team["ivan"].list(team.obj("RetrainingRecord"))
    assert first["metadata"]["annotations"] == {"modelreuse.io/imported-by": "ivan"}
    assert imported() == 12
